import { cpus } from 'node:os';

export type BenchRow = Readonly<Record<string, string | number>>;

/** Prints rows of the same columns as the command line asks: aligned, or with `--markdown` or `--json`. */
export function printTable(title: string, rows: readonly BenchRow[]): void {
  const facts = { date: new Date().toISOString().slice(0, 10), node: process.version, cpu: cpuModel() };
  if (process.argv.includes('--json')) {
    console.log(JSON.stringify({ title, ...facts, rows }, undefined, 2));
    return;
  }
  const head = Object.keys(rows[0] ?? {});
  const cells = rows.map(row => head.map(column => cellOf(row[column], isWhole(rows, column))));
  const widths = head.map((column, at) =>
    Math.max(column.length, ...cells.map(line => line[at]?.length ?? 0)),
  );
  const isNumber = head.map(column => rows.some(row => typeof row[column] === 'number'));
  const aligned = (line: readonly string[]) =>
    line.map((cell, at) => (isNumber[at] ? cell.padStart(widths[at] ?? 0) : cell.padEnd(widths[at] ?? 0)));

  console.log(`${title}: ${facts.date}, Node ${facts.node}, ${facts.cpu}\n`);
  if (process.argv.includes('--markdown')) {
    const rule = widths.map((width, at) => (isNumber[at] ? `${'-'.repeat(width - 1)}:` : '-'.repeat(width)));
    for (const line of [aligned(head), rule, ...cells.map(aligned)]) console.log(`| ${line.join(' | ')} |`);
  } else {
    for (const line of [head, ...cells]) console.log(aligned(line).join('   '));
  }
}

function isWhole(rows: readonly BenchRow[], column: string): boolean {
  return rows.every(row => Number.isInteger(row[column]));
}

function cellOf(value: string | number = '', isWhole: boolean): string {
  return typeof value === 'number' && !isWhole ? value.toFixed(2) : String(value);
}

function cpuModel(): string {
  const all = cpus();
  return `${all.length} × ${all[0]?.model ?? 'unknown'}`;
}
