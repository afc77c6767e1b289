import '@angular/compiler';
import { expect } from 'chai';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import * as angularDoor from '../src/adapters/angular.js';
import * as frontDoor from '../src/index.js';

const root = fileURLToPath(new URL('..', import.meta.url));

describe('the examples', function () {
  this.timeout(60_000);

  const sources = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
    .filter(file => file.endsWith('.ts'))
    .map(file => join('src', file));
  const documents = ['.', 'docs'].flatMap(folder =>
    readdirSync(join(root, folder))
      .filter(file => file.endsWith('.md'))
      .map(file => join(folder, file)),
  );
  const examples = new Map(
    [...documents, ...sources].flatMap(file =>
      examplesOf(file).map(({ line, code }) => [join(root, `${file}-${line}.ts`), { file, line, code }]),
    ),
  );
  const functions = [frontDoor, angularDoor].flatMap(Object.keys).filter(name => /^[a-z]/.test(name));
  let complaints: readonly string[] = [];

  before(() => {
    complaints = compile();
  });

  it('are there: in the README, and of every function of the front door and of the Angular door', () => {
    const files = [...examples.values()].map(({ file }) => file);
    expect(files).to.include.members(['README.md', 'src/client/fromSSE.ts', 'src/adapters/express.ts']);
    const undocumented = functions.filter(name => !files.some(file => file.endsWith(`/${name}.ts`)));
    expect(undocumented).to.deep.equal([]);
  });

  for (const { file, line } of examples.values()) {
    it(`compile: ${file}, line ${line}`, () => {
      const own = complaints.filter(complaint => complaint.startsWith(`${file}-${line}.ts`));
      expect(own).to.deep.equal([]);
    });
  }

  /** Each block of TypeScript in a document, or in the comments of a source. */
  function examplesOf(file: string) {
    const text = readFileSync(join(root, file), 'utf8');
    const blocks = text.matchAll(/^( \* )?```ts\n([^]*?)^(?: \* )?```$/gm);
    return Array.from(blocks, ({ index, 1: margin, 2: code = '' }) => ({
      file,
      line: text.slice(0, index).split('\n').length,
      code: margin ? code.replace(/^ \* ?/gm, '') : code,
    }));
  }

  /** All of them in one program, as a user's: strict, and with the built package. */
  function compile(): string[] {
    const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), path => readFileSync(path, 'utf8'));
    const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root);
    const host = ts.createCompilerHost(options);
    const files: ts.CompilerHost = {
      ...host,
      fileExists: path => examples.has(path) || host.fileExists(path),
      readFile: path => examples.get(path)?.code ?? host.readFile(path),
      getSourceFile(path, languageVersion) {
        const code = examples.get(path)?.code;
        return code === undefined
          ? host.getSourceFile(path, languageVersion)
          : ts.createSourceFile(path, `${code}\nexport {};`, languageVersion);
      },
    };
    const program = ts.createProgram([...examples.keys()], options, files);
    return ts.getPreEmitDiagnostics(program).map(({ file, messageText }) => {
      const name = file?.fileName.replace(root, '') ?? '';
      return `${name}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`;
    });
  }
});
