const kinds = ['uncaughtException', 'unhandledRejection', 'warning'] as const;

/** What the process is told of while it acts: uncaught errors and unhandled rejections, instead of failing the run, and warnings. */
export async function uproar(act: () => Promise<void>): Promise<unknown[]> {
  const told: unknown[] = [];
  const listener = (news: unknown) => void told.push(news);
  const others = kinds.map(kind => process.rawListeners(kind) as ((news: unknown) => void)[]);
  for (const kind of kinds) process.removeAllListeners(kind).on(kind, listener);
  try {
    await act();
    // RxJS throws what nobody handles from a timer, which is due before this one.
    await new Promise(resolve => setTimeout(resolve, 1));
    await new Promise(setImmediate);
  } finally {
    kinds.forEach((kind, index) => {
      process.off(kind, listener);
      for (const other of others[index] ?? []) process.on(kind, other);
    });
  }
  return told;
}
