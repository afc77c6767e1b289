import { JSDOM } from 'jsdom';

/** Gives a program of its own the document that Angular draws on, with this body, for good. */
export function installDocument(body = ''): void {
  const { window } = new JSDOM(`<!doctype html><body>${body}</body>`, { url: 'http://localhost/' });
  const { document, Node } = window;
  Object.assign(globalThis, { window, document, Node });
}
