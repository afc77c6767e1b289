/** What is reported as uncaught next, instead of failing the run. */
export function uncaught(): Promise<unknown> {
  return new Promise(resolve => {
    const restore = replaceListeners('uncaughtException', error => {
      restore();
      resolve(error);
    });
  });
}

/** The rejections that nobody handles while it acts, and until a turn later, instead of failing the run. */
export async function unhandledRejections(act: () => Promise<unknown>): Promise<unknown[]> {
  const rejections: unknown[] = [];
  const restore = replaceListeners('unhandledRejection', error => rejections.push(error));
  await act();
  await new Promise(setImmediate);
  restore();
  return rejections;
}

function replaceListeners(
  event: 'uncaughtException' | 'unhandledRejection',
  listener: (error: unknown) => void,
): () => void {
  const others = process.rawListeners(event) as ((error: unknown) => void)[];
  process.removeAllListeners(event).on(event, listener);
  return () => {
    process.off(event, listener);
    for (const other of others) process.on(event, other);
  };
}
