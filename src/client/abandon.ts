/** Cancels a body that nobody reads on. Whether that works is nobody's concern any more. */
export function abandon(body: Pick<ReadableStream, 'cancel'> | null): void {
  body?.cancel().catch(() => undefined);
}
