import { expect } from 'chai';
import type { EventLog } from '../../../src/log/index.js';
import { randomOf } from '../../support/randomOf.js';
import { settled } from '../../support/virtualTime.js';
import { append, appendAtOnce, numbers, type LogStage } from './stage.js';

/** Readers that begin anywhere, of whom some leave and come back, while somebody appends. Each gets what it is due. */
export async function mingle(
  { read }: Pick<LogStage, 'read'>,
  instances: readonly [EventLog, ...EventLog[]],
  seed: number,
): Promise<void> {
  const random = randomOf(seed);
  const below = (count: number) => Math.floor(random() * count);
  const any = () => instances[below(instances.length)] ?? instances[0];
  const [writer] = instances;
  const [history, total] = [150, 300];

  const ids = await appendAtOnce(writer, numbers(history));
  const readers = Array.from({ length: 200 }, () => {
    const start = below(history);
    return { start, lastId: ids[start], seen: [] as unknown[], reading: read(any(), ids[start]) };
  });
  const revisit = (reader: (typeof readers)[number]) => {
    reader.lastId = reader.reading.leave() ?? reader.lastId;
    reader.seen.push(...reader.reading.data);
    reader.reading = read(any(), reader.lastId);
  };

  for (let n = history; n < total;) {
    const count = Math.min(1 + below(20), total - n);
    void appendAtOnce(writer, numbers(count, n));
    n += count;
    if (random() < 0.7) await settled();
    for (let visits = below(10); visits > 0; visits--) {
      const reader = readers[below(readers.length)];
      if (reader) revisit(reader);
    }
  }
  await append(writer, 'end');

  for (const { start, seen, reading } of readers) {
    while (reading.data.at(-1) !== 'end') await reading.until(reading.data.length + 1);
    expect([...seen, ...reading.data], `seed ${seed}, from ${start}`).to.deep.equal([
      ...numbers(total - start - 1, start + 1),
      'end',
    ]);
  }
}

export function throng({ create, read }: LogStage): void {
  for (const n of numbers(3)) {
    it(`gives each just what comes after its place, though some leave and come back (${n + 1} of 3)`, async function () {
      this.timeout(20_000);
      await mingle({ read }, [await create()], Math.floor(Math.random() * 2 ** 32));
    });
  }
}
