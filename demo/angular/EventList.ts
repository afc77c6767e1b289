import { DatePipe, PercentPipe } from '@angular/common';
import { ChangeDetectionStrategy, Component, inject } from '@angular/core';
import type { HostSample } from '../hostMetrics.js';
import { LatestEvents } from './LatestEvents.js';

@Component({
  selector: 'app-event-list',
  imports: [DatePipe, PercentPipe],
  changeDetection: ChangeDetectionStrategy.OnPush,
  host: { class: 'card' },
  template: `
    <h2>Events <code>SseClient.stream</code></h2>
    <ol>
      @for (event of feed().latest; track event.lastEventId) {
        @switch (event.type) {
          @case ('sample') {
            <li [class.was-missed]="wasMissed(event.data)" [attr.data-number]="event.data.number">
              <code>{{ event.lastEventId }}</code>
              <time>{{ event.data.at | date: 'HH:mm:ss.S' }}</time>
              <i class="bar" [style.--share]="busy(event.data)"></i>
              <output>{{ busy(event.data) | percent }}</output>
            </li>
          }
          @case ('gap') {
            <li class="gap">
              <code>{{ event.lastEventId }}</code>
              gap, {{ event.data.reason }}: the server no longer has what was in between
            </li>
          }
        }
      } @empty {
        <li class="none">None yet</li>
      }
    </ol>
  `,
})
export class EventList {
  readonly #events = inject(LatestEvents);
  protected readonly feed = this.#events.feed;

  /** Whether there was no connection when it was taken. */
  protected wasMissed({ at }: HostSample): boolean {
    return this.#events.connection.outages().some(({ from, until = Infinity }) => from <= at && at < until);
  }

  protected busy({ cpu }: HostSample): number {
    return cpu.reduce((sum, share) => sum + share, 0) / cpu.length;
  }
}
