import { DecimalPipe } from '@angular/common';
import { ChangeDetectionStrategy, Component, computed, inject } from '@angular/core';
import { LatestEvents } from './LatestEvents.js';

@Component({
  selector: 'app-connection-panel',
  imports: [DecimalPipe],
  changeDetection: ChangeDetectionStrategy.OnPush,
  host: { class: 'panel' },
  template: `
    <div class="wide">
      <span>Connection</span>
      <strong>
        <i class="light" [attr.data-state]="connection.name()"></i>
        <b id="state" aria-live="polite">{{ connection.text() }}</b>
      </strong>
    </div>
    <div class="wide">
      <span>Last event ID</span>
      <strong id="last-event-id">{{ lastEventId() }}</strong>
    </div>
    <div>
      <span>Events</span>
      <strong id="events">{{ feed().count | number }}</strong>
    </div>
    <div>
      <span>Reconnects</span>
      <strong id="reconnects">{{ connection.reconnects() }}</strong>
    </div>
    <div>
      <span>Missing</span>
      <strong id="missing">{{ feed().missing }}</strong>
    </div>
  `,
})
export class ConnectionPanel {
  readonly #events = inject(LatestEvents);
  protected readonly connection = this.#events.connection;
  protected readonly feed = this.#events.feed;
  protected readonly lastEventId = computed(() => this.feed().latest[0]?.lastEventId ?? 'none');
}
