/** What is reported as uncaught next, instead of failing the run. */
export function uncaught(): Promise<unknown> {
  return new Promise(resolve => {
    const others = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException').once('uncaughtException', error => {
      for (const other of others) process.on('uncaughtException', other);
      resolve(error);
    });
  });
}
