/** A point of a line: when, in milliseconds since 1970, and how much. */
export interface Point {
  readonly at: number;
  readonly value: number;
}

/** A time without a connection; still going on without an `until`. */
export interface Outage {
  readonly from: number;
  until?: number;
}

export interface ChartConfig {
  readonly colors: readonly string[];
  /** The top of the scale, given the largest value in sight. */
  readonly top: (largest: number) => number;
  /** What to write at the top of the scale. */
  readonly label: (value: number) => string;
}

/** How much time a chart shows, in milliseconds. */
export const span = 30_000;

/** Draws lines over the last `span`, the newest at the right edge. The first line is filled. */
export function drawChart(
  canvas: HTMLCanvasElement,
  lines: readonly (readonly Point[])[],
  outages: readonly Outage[],
  now: number,
  { colors, top, label }: ChartConfig,
): void {
  const context = canvas.getContext('2d');
  if (!context) return;
  const { clientWidth: width, clientHeight: height } = canvas;
  fitToScreen(canvas, context, width, height);

  const largest = lines.flat().reduce((most, { value }) => Math.max(most, value), 0);
  const scale = top(largest);
  const x = (at: number) => width - ((now - at) / span) * width;
  const y = (value: number) => height - 2 - (value / scale) * (height - 8);

  drawGrid(context, width, height, label(scale));
  for (const { from, until = now } of outages) {
    context.fillStyle = '#ffb54722';
    context.fillRect(x(from), 0, x(until) - x(from), height);
  }
  lines.forEach((line, index) => {
    const color = colors[index % colors.length] ?? '#fff';
    const path = new Path2D();
    for (const { at, value } of line) path.lineTo(x(at), y(value));
    if (index === 0) fillBelow(context, path, line, x, height, color);
    context.strokeStyle = color;
    context.lineWidth = 1.75;
    context.lineJoin = 'round';
    context.stroke(path);
  });
}

function fitToScreen(
  canvas: HTMLCanvasElement,
  context: CanvasRenderingContext2D,
  width: number,
  height: number,
): void {
  const ratio = window.devicePixelRatio;
  canvas.width = width * ratio;
  canvas.height = height * ratio;
  context.scale(ratio, ratio);
}

function drawGrid(context: CanvasRenderingContext2D, width: number, height: number, label: string): void {
  context.fillStyle = '#232a38';
  for (const share of [0, 0.5, 1]) context.fillRect(0, Math.round(share * (height - 1)), width, 1);
  context.fillStyle = '#5d6780';
  context.font = '11px system-ui, "DejaVu Sans", sans-serif';
  context.fillText(label, 0, 15);
}

function fillBelow(
  context: CanvasRenderingContext2D,
  path: Path2D,
  line: readonly Point[],
  x: (at: number) => number,
  height: number,
  color: string,
): void {
  const [first] = line;
  const last = line.at(-1);
  if (!first || !last) return;
  const area = new Path2D(path);
  area.lineTo(x(last.at), height);
  area.lineTo(x(first.at), height);
  const gradient = context.createLinearGradient(0, 0, 0, height);
  gradient.addColorStop(0, `${color}55`);
  gradient.addColorStop(1, `${color}00`);
  context.fillStyle = gradient;
  context.fill(area);
}
