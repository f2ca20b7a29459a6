/**
 * The answers of all tasks, once every one of them is over. Promise.all leaves at the first failure, while other workers
 * go on writing into memory that whoever hears of it gives back.
 */
export async function allDone<Answer>(tasks: readonly Promise<Answer>[]): Promise<Answer[]>;
export async function allDone<const Tasks extends readonly unknown[]>(
  tasks: Tasks,
): Promise<{ -readonly [Place in keyof Tasks]: Awaited<Tasks[Place]> }>;
export async function allDone(tasks: readonly unknown[]): Promise<unknown[]> {
  await Promise.allSettled(tasks);
  return Promise.all(tasks);
}
