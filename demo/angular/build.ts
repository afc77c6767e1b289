import { transformAsync } from '@babel/core';
import { build, type Plugin } from 'esbuild';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import ts from 'typescript';

/** An Angular application, and where it goes. */
export interface AngularAppOptions {
  /** Its `tsconfig.json`. What that includes is compiled. */
  readonly project: string;
  /** The file that bootstraps it, as seen from the `tsconfig.json`. */
  readonly entry: string;
  /** The folder for its `main.js`. */
  readonly outdir: string;
  /**
   * The folder from which `@angular/*` is found, to build the same application with another version.
   *
   * @defaultValue the folder of the `tsconfig.json`
   */
  readonly angular?: string;
}

/**
 * Builds an Angular application for production, without the CLI: Angular's compiler makes JavaScript of the TypeScript and the templates,
 * esbuild a bundle of that, and Angular's linker finishes the libraries in it on the way.
 *
 * @throws Error with what the compiler has to say, warnings as well
 */
export async function buildAngularApp({ project, entry, outdir, angular }: AngularAppOptions): Promise<void> {
  const folder = resolve(dirname(project));
  const home = resolve(angular ?? folder);
  await build({
    absWorkingDir: folder,
    entryPoints: { main: entry },
    outdir: resolve(outdir),
    bundle: true,
    format: 'esm',
    minify: true,
    target: 'es2022',
    // As the CLI has it. Without these, Angular's checks and names for development stay in.
    define: {
      ngDevMode: 'false',
      ngHmrMode: 'false',
      ngI18nClosureMode: 'false',
      ngJitMode: 'false',
      ngServerMode: 'false',
    },
    plugins: [angularFrom(home), compiled(await compile(project, home)), linked(home)],
    logLevel: 'silent',
  });
}

/** What is used of `@angular/compiler-cli` here. Its own types are not found with `moduleResolution: nodenext`. */
interface AngularCompiler {
  readonly readConfiguration: (project: string, options: object) => Configuration;
  readonly createCompilerHost: (config: { readonly options: ts.CompilerOptions }) => ts.CompilerHost;
  readonly performCompilation: (
    compilation: Omit<Configuration, 'errors'> & { readonly host: ts.CompilerHost },
  ) => {
    readonly diagnostics: readonly ts.Diagnostic[];
  };
  readonly formatDiagnostics: (diagnostics: readonly ts.Diagnostic[]) => string;
}

interface Configuration {
  readonly options: ts.CompilerOptions;
  readonly rootNames: readonly string[];
  readonly emitFlags: number;
  readonly errors: readonly ts.Diagnostic[];
}

/** What Angular's compiler makes of an application: JavaScript by the paths of the TypeScript. */
async function compile(project: string, home: string): Promise<ReadonlyMap<string, string>> {
  const path = pathOf('@angular/compiler-cli', home);
  const compiler: AngularCompiler = await import(pathToFileURL(path).href);
  const { createCompilerHost, formatDiagnostics, performCompilation, readConfiguration } = compiler;
  const output = { noEmit: false, declaration: false, sourceMap: false, compilationMode: 'full' };
  const { options, rootNames, emitFlags, errors } = readConfiguration(project, output);
  const scripts = new Map<string, string>();
  const host = createCompilerHost({ options });

  host.writeFile = (_path, script, _mark, _onError, [source] = []) => {
    if (source) scripts.set(resolve(source.fileName), script);
  };
  host.resolveModuleNameLiterals = (names, importer, redirect, options, source) =>
    names.map(name => {
      const from = isAngular.test(name.text) ? join(home, 'any.ts') : importer;
      const mode = ts.getModeForUsageLocation(source, name, options);
      return ts.resolveModuleName(name.text, from, options, host, undefined, redirect, mode);
    });

  const { diagnostics } = performCompilation({ rootNames, options, emitFlags, host });
  const complaints = [...errors, ...diagnostics];
  if (complaints.length > 0) throw new Error(formatDiagnostics(complaints));
  return scripts;
}

/** Gives esbuild what the compiler has made. */
function compiled(scripts: ReadonlyMap<string, string>): Plugin {
  return {
    name: 'compiled',
    setup(build) {
      build.onLoad({ filter: /\.ts$/ }, ({ path }) => {
        const contents = scripts.get(path);
        return contents === undefined
          ? { errors: [{ text: `The tsconfig.json does not include ${path}` }] }
          : { contents };
      });
    },
  };
}

/** Finishes what libraries leave to the compiler of the application. */
function linked(home: string): Plugin {
  const linker = pathOf('@angular/compiler-cli/linker/babel', home);
  return {
    name: 'linked',
    setup(build) {
      build.onLoad({ filter: /\.m?js$/ }, async ({ path }) => {
        const code = await readFile(path, 'utf8');
        if (!code.includes('ɵɵngDeclare')) return undefined;
        const result = await transformAsync(code, {
          filename: path,
          plugins: [linker],
          configFile: false,
          babelrc: false,
          compact: false,
        });
        return { contents: result?.code ?? '' };
      });
    },
  };
}

const isAngular = /^@angular\//;

/** Lets all that import Angular have the one of that folder. */
function angularFrom(home: string): Plugin {
  return {
    name: 'angularFrom',
    setup(build) {
      build.onResolve({ filter: isAngular }, ({ path, kind, resolveDir }) =>
        resolveDir === home ? undefined : build.resolve(path, { kind, resolveDir: home }),
      );
    },
  };
}

/** The path of a module as a file in that folder would get it. */
function pathOf(module: string, folder: string): string {
  return createRequire(join(folder, 'any.js')).resolve(module);
}
