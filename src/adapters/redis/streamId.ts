/** Two numbers of 64 bits, as Redis writes them. */
export function isStreamId(id: string): boolean {
  return /^(0|[1-9]\d{0,19})-(0|[1-9]\d{0,19})$/.test(id) && partsOf(id).every(part => part < 2n ** 64n);
}

export function isLater(id: string, than: string): boolean {
  const [time = 0n, count = 0n] = partsOf(id);
  const [otherTime = 0n, otherCount = 0n] = partsOf(than);
  return time > otherTime || (time === otherTime && count > otherCount);
}

function partsOf(id: string): bigint[] {
  return id.split('-').map(BigInt);
}
