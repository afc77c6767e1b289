import type { NgZone } from '@angular/core';

/**
 * Runs work in the zone, so that all that is done within one turn of the event loop costs one round of change detection. Without
 * zone.js it just runs it.
 */
export function enterOncePerTurn(zone: NgZone): (work: () => void) => void {
  let isEntered = false;
  return work =>
    zone.run(() => {
      if (!isEntered) {
        isEntered = true;
        // The zone is not left for good, and no view looked at, before its microtasks are done.
        queueMicrotask(() => (isEntered = false));
      }
      work();
    });
}
