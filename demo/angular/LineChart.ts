import { ChangeDetectionStrategy, Component, computed, input } from '@angular/core';
import type { Outage } from './Connection.js';

/** How much time a chart shows, in milliseconds. */
export const span = 30_000;

/** The size of the window, in the units of the drawing. */
const [width, height] = [1000, 100];

/** Where the drawing begins. It stays, so that lines need not be drawn anew to move: what moves is the window. */
const origin = Date.now();
const xOf = (at: number) => ((at - origin) / span) * width;

/** Lines over the last `span`, the newest at the right edge. The area below the first is filled. */
@Component({
  selector: 'app-line-chart',
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <figure>
      <figcaption>
        {{ heading() }} <output>{{ text() }}</output>
      </figcaption>
      <svg [attr.viewBox]="viewBox" preserveAspectRatio="none" role="img" [attr.aria-label]="heading()">
        <g [style.transform]="window()">
          @for (outage of bands(); track outage.x) {
            <rect y="0" height="100%" [attr.x]="outage.x" [attr.width]="outage.width" />
          }
          @for (path of paths(); track $index) {
            <path class="line" [attr.d]="path" />
          }
          <path class="area" [attr.d]="area()" />
        </g>
      </svg>
    </figure>
  `,
})
export class LineChart {
  readonly heading = input.required<string>();
  /** The latest value in words. */
  readonly text = input.required<string>();
  /** The values of each line, one for each of the times. */
  readonly lines = input.required<readonly (readonly number[])[]>();
  readonly times = input.required<readonly number[]>();
  /** The scale goes up to this, or higher if a value does. */
  readonly top = input.required<number>();
  readonly outages = input.required<readonly Outage[]>();
  readonly now = input.required<number>();

  protected readonly viewBox = `0 0 ${width} ${height}`;
  protected readonly window = computed(() => `translateX(${width - xOf(this.now())}px)`);

  protected readonly bands = computed(() =>
    this.outages().map(({ from, until = this.now() }) => ({
      x: xOf(from),
      width: Math.max(0, xOf(until) - xOf(from)),
    })),
  );

  protected readonly paths = computed(() => {
    const xs = this.times().map(at => xOf(at).toFixed(1));
    const largest = Math.max(...this.lines().flat());
    const top = largest > this.top() ? largest * 1.15 : this.top();
    const y = (value: number) => (height - 1 - (value / top) * (height - 2)).toFixed(1);
    return this.lines().map(line => `M${line.map((value, index) => `${xs[index]},${y(value)}`).join(' ')}`);
  });

  protected readonly area = computed(() => {
    const [begin = 0, end = 0] = [this.times().at(0), this.times().at(-1)];
    return `${this.paths()[0]} ${xOf(end)},${height} ${xOf(begin)},${height}Z`;
  });
}
