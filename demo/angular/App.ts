import { ChangeDetectionStrategy, Component, inject } from '@angular/core';
import { Charts } from './Charts.js';
import { ConnectionPanel } from './ConnectionPanel.js';
import { EventList } from './EventList.js';
import { Host } from './Host.js';
import { LatestEvents } from './LatestEvents.js';
import { RenderCount } from './RenderCount.js';

@Component({
  selector: 'app-root',
  imports: [Charts, ConnectionPanel, EventList, RenderCount],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <header>
      <div>
        <h1>This machine, live in Angular</h1>
        <p>four samples a second, each with an id, over <code>rxjs-sse/angular</code></p>
      </div>
      <button type="button" [disabled]="!isOpen()" (click)="host.cut()">Cut the connection</button>
    </header>

    <app-connection-panel />

    <main>
      <app-charts />
      <app-event-list />
    </main>

    <footer>
      <p>Amber is what was missed: after the reconnect it is sent from the event log on the server.</p>
      <p><app-render-count /> renders. All events that come at once cost one.</p>
    </footer>
  `,
})
export class App {
  protected readonly host = inject(Host);
  protected readonly isOpen = inject(LatestEvents).connection.isOpen;
}
