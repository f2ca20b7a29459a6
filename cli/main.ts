#!/usr/bin/env node
/** `evolve`: says so when Node is too old to run the rest, and otherwise runs it. Nothing else is loaded before that. */
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`evolve needs Node 20.19 or newer and this is ${process.versions.node}. Install one from nodejs.org.`);
  process.exit(1);
}
const { run } = await import('./run.ts');
await run(process.argv.slice(2));
