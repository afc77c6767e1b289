import { BehaviorSubject, EMPTY, fromEvent, interval, map, of, startWith, switchMap } from 'rxjs';
import { fromSSE, type SseClosing, type ReceivedSseEvent } from 'rxjs-sse';
import type { HostSample } from '../hostMetrics.js';
import { drawChart, span, type ChartConfig, type Outage } from './chart.js';

type State =
  | { readonly name: 'connecting' }
  | { readonly name: 'open' }
  | { readonly name: 'waiting'; readonly until: number }
  | { readonly name: 'closed'; readonly reason: string };

const share = { top: () => 1, label: () => '100 %' };

const reader = crypto.randomUUID();
const state$ = new BehaviorSubject<State>({ name: 'connecting' });
const outages: Outage[] = [];
let samples: HostSample[] = [];
let events = 0;
let reconnects = 0;
let missing = 0;
// What the server's clock is ahead of ours: samples bear its time.
let lead = 0;

fromSSE(`/host?reader=${reader}`, {
  openObserver: ({ attempt }) => {
    reconnects = attempt - 1;
    const outage = outages.at(-1);
    if (outage) outage.until ??= Date.now() + lead;
    state$.next({ name: 'open' });
  },
  closeObserver: closing => {
    outages.push({ from: Date.now() + lead });
    state$.next(stateAfter(closing));
  },
}).subscribe({
  next: take,
  error: (error: Error) => state$.next({ name: 'closed', reason: error.message }),
});

/** A wait that has run out is an attempt to connect. */
state$
  .pipe(
    switchMap(state =>
      state.name === 'waiting'
        ? interval(100).pipe(
            startWith(0),
            map(() => (performance.now() < state.until ? state : ({ name: 'connecting' } as const))),
          )
        : of(state),
    ),
  )
  .subscribe(show);

fromEvent(element('cut'), 'click')
  .pipe(switchMap(() => fetch(`/cut?reader=${reader}`, { method: 'POST' }).catch(() => EMPTY)))
  .subscribe();

requestAnimationFrame(draw);

function stateAfter({ retryIn, reason }: SseClosing): State {
  return retryIn === undefined
    ? { name: 'closed', reason }
    : { name: 'waiting', until: performance.now() + retryIn };
}

function take({ type, data, lastEventId }: ReceivedSseEvent): void {
  if (type !== 'sample') return;
  const sample: HostSample = JSON.parse(data);
  const last = samples.at(-1);
  // A server that was started anew counts from the beginning.
  if (last && sample.number > last.number) missing += sample.number - last.number - 1;
  samples = [...samples.filter(({ at }) => at > sample.at - span - 1000), sample];
  lead = Math.max(lead, sample.at - Date.now());
  events++;
  write('last-event-id', lastEventId);
  write('events', events.toLocaleString('en'));
}

function show(state: State): void {
  element('connection').dataset['state'] = state.name;
  element<HTMLButtonElement>('cut').disabled = state.name !== 'open';
  write('state', textOf(state));
  write('reconnects', String(reconnects));
}

function textOf(state: State): string {
  if (state.name === 'waiting') {
    return `reconnecting in ${((state.until - performance.now()) / 1000).toFixed(1)} s`;
  }
  return state.name === 'closed' ? `closed: ${state.reason}` : state.name;
}

function draw(): void {
  const now = Date.now() + lead;
  const chart = (id: string, valuesOf: (sample: HostSample) => readonly number[], config: ChartConfig) => {
    const count = samples[0] ? valuesOf(samples[0]).length : 0;
    const lines = Array.from({ length: count }, (_, line) =>
      samples.map(sample => ({ at: sample.at, value: valuesOf(sample)[line] ?? 0 })),
    );
    drawChart(element<HTMLCanvasElement>(id), lines, outages, now, config);
  };
  chart('cpu', ({ cpu }) => cpu, { ...share, colors: ['#f03ea0', '#5aa9ff', '#3ddc97', '#ffb547'] });
  chart('memory', ({ memory }) => [memory.used / memory.total], { ...share, colors: ['#5aa9ff'] });
  chart('load', ({ load }) => [load], {
    colors: ['#3ddc97'],
    top: most => Math.max(1, most * 1.25),
    label: value => value.toFixed(1),
  });
  chart('delay', ({ delay }) => [delay], {
    colors: ['#ffb547'],
    top: most => Math.max(5, most * 1.25),
    label: value => `${value.toFixed(0)} ms`,
  });
  writeValues(samples.at(-1));
  write('missing', String(missing));
  requestAnimationFrame(draw);
}

function writeValues(sample: HostSample | undefined): void {
  if (!sample) return;
  const { cpu, memory, load, delay } = sample;
  const gibibytes = (bytes: number) => (bytes / 2 ** 30).toFixed(1);
  write('cpu-value', cpu.map(share => `${Math.round(share * 100)} %`).join('  ·  '));
  write('memory-value', `${gibibytes(memory.used)} of ${gibibytes(memory.total)} GiB`);
  write('load-value', load.toFixed(2));
  write('delay-value', `${delay.toFixed(1)} ms`);
}

function write(id: string, text: string): void {
  element(id).textContent = text;
}

function element<E extends HTMLElement>(id: string): E {
  return document.getElementById(id) as E;
}
