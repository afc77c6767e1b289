import { ChangeDetectionStrategy, Component, computed, inject } from '@angular/core';
import type { ReceivedSseEventOf } from 'rxjs-sse';
import { sseResource } from 'rxjs-sse/angular';
import type { HostSample } from '../hostMetrics.js';
import { Connection } from './Connection.js';
import { Host, type HostEvents } from './Host.js';
import { LineChart, span } from './LineChart.js';

const percent = (share: number) => `${Math.round(share * 100)} %`;
const gibibytes = (bytes: number) => (bytes / 2 ** 30).toFixed(1);

/** Half a minute of samples, as one `sseResource` keeps them. */
@Component({
  selector: 'app-charts',
  imports: [LineChart],
  changeDetection: ChangeDetectionStrategy.OnPush,
  host: { class: 'card' },
  template: `
    <h2>
      Metrics <code>sseResource</code>
      <small><i class="light" [attr.data-state]="samples.readyState()"></i>{{ samples.readyState() }}</small>
    </h2>
    @if (samples.error(); as error) {
      <p role="alert">{{ error.message }}</p>
    } @else {
      @for (chart of charts(); track chart.heading) {
        <app-line-chart
          [heading]="chart.heading"
          [text]="chart.text"
          [lines]="chart.lines"
          [top]="chart.top"
          [times]="times()"
          [now]="now()"
          [outages]="connection.outages()"
        />
      } @empty {
        <p>{{ samples.status() }}</p>
      }
    }
  `,
})
export class Charts {
  protected readonly connection = new Connection();
  readonly #url = inject(Host).url;

  protected readonly samples = sseResource({
    url: () => this.#url,
    defaultValue: [] as readonly HostSample[],
    reduce: (samples, { type, data }: ReceivedSseEventOf<HostEvents>) =>
      type === 'sample' ? latest([...samples, JSON.parse(data)]) : samples,
    ...this.connection.observers,
  });

  protected readonly times = computed(() => this.samples.value().map(({ at }) => at));
  protected readonly now = computed(() => Math.max(this.times().at(-1) ?? 0, this.connection.now()));

  protected readonly charts = computed(() => {
    const samples = this.samples.value();
    const last = samples.at(-1);
    if (!last) return [];
    const { cpu, memory, load, delay } = last;
    const line = (valueOf: (sample: HostSample) => number) => samples.map(valueOf);
    return [
      {
        heading: 'CPU',
        text: cpu.map(percent).join('  ·  '),
        lines: cpu.map((_, core) => line(({ cpu }) => cpu[core] ?? 0)),
        top: 1,
      },
      {
        heading: 'Memory',
        text: `${gibibytes(memory.used)} of ${gibibytes(memory.total)} GiB`,
        lines: [line(({ memory }) => memory.used / memory.total)],
        top: 1,
      },
      { heading: 'Load', text: load.toFixed(2), lines: [line(({ load }) => load)], top: 1 },
      {
        heading: 'Event loop',
        text: `${delay.toFixed(1)} ms late`,
        lines: [line(({ delay }) => delay)],
        top: 5,
      },
    ];
  });
}

/** Those that are in sight, and one more for the line from the edge. */
function latest(samples: readonly HostSample[]): readonly HostSample[] {
  const end = samples.at(-1)?.at ?? 0;
  return samples.filter(({ at }) => at > end - span - 1000);
}
