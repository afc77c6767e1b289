import { expect } from 'chai';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const src = fileURLToPath(new URL('../src', import.meta.url));

/** What each room may import at run time. Doors also import the library that they are named after. */
const runTime: Readonly<Record<string, readonly string[]>> = {
  'event-stream': ['event-stream'],
  client: ['client', 'event-stream', 'rxjs'],
  server: ['server', 'event-stream', 'rxjs'],
  log: ['log', 'event-stream', 'rxjs'],
  'adapters/express': ['server', 'event-stream', 'rxjs'],
  'adapters/fetch': ['server', 'event-stream', 'rxjs'],
  'adapters/node': ['server', 'event-stream', 'rxjs'],
  'adapters/redis': ['adapters/redis', 'log', 'event-stream', 'rxjs'],
  'adapters/nats': ['adapters/nats', 'log', 'event-stream', 'rxjs', '@nats-io/jetstream'],
  'adapters/angular': [
    'adapters/angular',
    'client',
    'event-stream',
    'rxjs',
    '@angular/common',
    '@angular/common/http',
    '@angular/core',
    '@angular/core/rxjs-interop',
  ],
  index: ['client', 'event-stream'],
};
/** And what it may import types of, beyond that. */
const types: Readonly<Record<string, readonly string[]>> = {
  'event-stream': ['rxjs'],
  server: ['node:http', 'node:http2', 'node:net'],
  'adapters/express': ['express'],
  'adapters/nats': ['@nats-io/nats-core'],
};

interface Import {
  readonly file: string;
  readonly room: string;
  readonly target: string;
  readonly isType: boolean;
}

describe('the house', () => {
  const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter(file => file.endsWith('.ts'));
  const imports = files.flatMap(importsOf);

  it('has no other rooms', () => {
    expect(new Set(files.map(roomOf))).to.deep.equal(new Set(Object.keys(runTime)));
  });

  for (const [room, allowed] of Object.entries(runTime)) {
    it(`keeps to itself in ${room}: at run time it imports only ${allowed.join(', ')}`, () => {
      const strangers = imports.filter(
        ({ room: from, target, isType }) => from === room && !isType && !allowed.includes(target),
      );
      expect(strangers).to.deep.equal([]);
    });

    it(`keeps to itself in ${room} with types, too`, () => {
      const known = [...allowed, ...(types[room] ?? [])];
      const strangers = imports.filter(
        ({ room: from, target, isType }) => from === room && isType && !known.includes(target),
      );
      expect(strangers).to.deep.equal([]);
    });
  }

  it('goes from room to room through their doors: index.ts', () => {
    const around = files
      .flatMap(specifiersOf)
      .filter(({ specifier }) => /^\.\.\/.*(?<!index\.js)$/.test(specifier));
    expect(around).to.deep.equal([]);
  });

  it('names each file after something that it exports', () => {
    const isNamed = (file: string) =>
      new RegExp(`^export .*\\b${basename(file, '.ts')}\\b`, 'm').test(read(file));
    const nameless = files.filter(file => !/index|errors|adapters/.test(file) && !isNamed(file));
    expect(nameless).to.deep.equal([]);
  });

  function importsOf(file: string): Import[] {
    return specifiersOf(file).map(({ specifier, isType }) => ({
      file,
      room: roomOf(file),
      target: specifier.startsWith('.') ? roomOf(join(dirname(file), specifier)) : specifier,
      isType,
    }));
  }

  /** The modules that the file imports or exports from. */
  function specifiersOf(file: string): { specifier: string; isType: boolean }[] {
    const { statements } = ts.createSourceFile(file, read(file), ts.ScriptTarget.ESNext);
    return statements.flatMap(statement => {
      if (!ts.isImportDeclaration(statement) && !ts.isExportDeclaration(statement)) return [];
      const { moduleSpecifier } = statement;
      if (!moduleSpecifier || !ts.isStringLiteral(moduleSpecifier)) return [];
      const isType = ts.isExportDeclaration(statement)
        ? statement.isTypeOnly
        : statement.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword;
      return [{ specifier: moduleSpecifier.text, isType }];
    });
  }

  /** The folder, but each door is a room of its own. */
  function roomOf(file: string): string {
    const [room = '', door = ''] = file.split('/');
    return (room === 'adapters' ? join(room, door) : room).replace(/\.[jt]s$/, '');
  }

  function read(file: string): string {
    return readFileSync(join(src, file), 'utf8');
  }
});
