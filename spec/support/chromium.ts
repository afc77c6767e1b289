import { existsSync } from 'node:fs';
import { chromium, type Browser } from 'playwright-core';

const executablePath = process.env['CHROMIUM'] ?? '/usr/bin/chromium';

/** The browser; `undefined`, with a line that says so, where there is none. */
export async function launchChromium(skipped: string): Promise<Browser | undefined> {
  if (!existsSync(executablePath)) {
    console.warn(
      `\n  Skipped ${skipped}: no Chromium. apt-get install chromium, or CHROMIUM=/path/to/it npm test\n`,
    );
    return undefined;
  }
  return chromium.launch({
    executablePath,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}
