import type { Page } from 'playwright-core';

/** Adds whatever the page says on its console, and each error that nobody caught, to the complaints. */
export function collectComplaints(page: Page, complaints: string[]): void {
  page.on('console', message => complaints.push(message.text()));
  page.on('pageerror', error => complaints.push(error.message));
}
