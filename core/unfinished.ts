import { rmSync } from 'node:fs';

const folders = new Set<string>();

/**
 * Marks a folder that is worth nothing until it is finished: whatever ends the process before that, Ctrl-C at the
 * command line included, takes the folder along. Call what is returned once it is finished or gone.
 */
export function unfinished(folder: string): () => void {
  if (folders.size === 0) process.once('exit', removeAll);
  folders.add(folder);
  return () => {
    folders.delete(folder);
    if (folders.size === 0) process.off('exit', removeAll);
  };
}

function removeAll(): void {
  for (const folder of folders) {
    try {
      rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
    } catch {
      // The process is going: a file another program holds open stays, and there is nobody left to tell.
    }
  }
}
