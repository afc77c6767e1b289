import { Injectable } from '@angular/core';
import type { ParsedSseEvent, ReceivedSseEventOf } from 'rxjs-sse';
import type { GapEvent } from 'rxjs-sse/log';
import type { HostSample } from '../hostMetrics.js';

/** The types of the events of `/host`, and what their data is. */
export interface HostEvents {
  readonly sample: HostSample;
  /** In place of samples that the server no longer has. */
  readonly gap: GapEvent['data'];
}

/** An event of `/host`, as `json` gives it. */
export type HostEvent = ParsedSseEvent<ReceivedSseEventOf<HostEvents>>;

/** The server, which tells by a name whose connections to cut. */
@Injectable({ providedIn: 'root' })
export class Host {
  readonly #reader = crypto.randomUUID();
  readonly url = `/host?reader=${this.#reader}`;

  cut(): void {
    // Where the server cannot be reached, there is nothing to cut.
    fetch(`/cut?reader=${this.#reader}`, { method: 'POST' }).catch(() => undefined);
  }
}
