import { EventSource } from 'eventsource';
import { fromSSE } from '../../src/index.js';
import { describeClient } from '../contracts/client.js';
import { standardDeviations } from '../contracts/client/answers.js';
import { eventSourceDriver, fromSseDriver } from '../contracts/client/driver.js';

describeClient('fromSSE', fromSseDriver(fromSSE));

// The control: what is known of another client is what the contract finds.
const overflow = 'setTimeout overflows';
const refused = 'fetch refuses the header, each time';

describeClient('eventsource of npm', eventSourceDriver(EventSource), {
  'strips one BOM only: the second belongs to the name of the field': 'strips both',
  'takes the text ï»¿ for no BOM': 'takes it for one',
  'notices that a connection has died without a word': 'has no idle timeout',
  ...standardDeviations,
  'does not come back at once after retry: 2147483648': overflow,
  'does not come back at once after retry: 4294967296': overflow,
  'does not come back at once after retry: 99999999999': overflow,
  'does not come back at once after retry: 99999999999999999999…': overflow,
  'does not spin after retry: 0': 'spins',
  'comes back from an id of 20,000 bytes, and leaves it out': 'sends it',
  'comes back from an id with the control character U+0001': refused,
  'comes back from an id with ESC': refused,
  'comes back from an id with DEL': refused,
});

// Node says of each such overflow that there was one. It is in the list already.
const listeners = process.listeners('warning');
before(() => {
  process.removeAllListeners('warning').on('warning', warning => {
    if (warning.name !== 'TimeoutOverflowWarning') for (const listener of listeners) listener(warning);
  });
});
after(() => {
  process.removeAllListeners('warning');
  for (const listener of listeners) process.on('warning', listener);
});
