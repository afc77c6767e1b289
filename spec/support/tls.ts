import { readFileSync } from 'node:fs';

const fixture = (name: string) => readFileSync(new URL(`../fixtures/tls/${name}.pem`, import.meta.url));

/** The key and the certificate of a server at 127.0.0.1. Readers trust the latter. */
export const tlsFixture = { key: fixture('key'), cert: fixture('cert') };
