import { cpus, freemem, loadavg, totalmem } from 'node:os';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { defer, finalize, map, timer, type Observable } from 'rxjs';

/** How this machine does, over the time since the sample before. */
export interface HostSample {
  /** 0 for the first one, and one more for each that follows: by it a reader sees that it missed none. */
  readonly number: number;
  /** When, in milliseconds since 1970. */
  readonly at: number;
  /** How busy each core was, from 0 to 1. */
  readonly cpu: readonly number[];
  /** Memory in use and in all, in bytes. */
  readonly memory: { readonly used: number; readonly total: number };
  /** How many processes wanted to run, averaged over a minute. */
  readonly load: number;
  /** How late this process's event loop ran at worst, in milliseconds. */
  readonly delay: number;
}

const resolution = 10;

/** Samples of this machine, one each `period` milliseconds. */
export function hostMetrics(period: number): Observable<HostSample> {
  return defer(() => {
    const delays = monitorEventLoopDelay({ resolution });
    delays.enable();
    let before = cpuTimes();

    return timer(period, period).pipe(
      map(number => {
        const now = cpuTimes();
        const cpu = now.map((times, core) => busyShare(before[core] ?? times, times));
        // The histogram measures whole intervals of its own timer; what is above one is delay.
        const delay = Math.max(0, delays.max / 1e6 - resolution);
        before = now;
        delays.reset();
        const memory = { used: totalmem() - freemem(), total: totalmem() };
        return { number, at: Date.now(), cpu, memory, load: loadavg()[0] ?? 0, delay };
      }),
      finalize(() => delays.disable()),
    );
  });
}

interface CpuTimes {
  readonly idle: number;
  readonly total: number;
}

function cpuTimes(): CpuTimes[] {
  return cpus().map(({ times }) => ({
    idle: times.idle,
    total: times.user + times.nice + times.sys + times.idle + times.irq,
  }));
}

function busyShare(before: CpuTimes, now: CpuTimes): number {
  const total = now.total - before.total;
  return total > 0 ? 1 - (now.idle - before.idle) / total : 0;
}
