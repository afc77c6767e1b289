import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

/** Where recipes are: those for readers, for servers, for logs, and for Angular. */
const documents = ['RECIPES.md', 'SERVER.md', 'LOGS.md', 'ANGULAR.md'] as const;
export type RecipeDocument = (typeof documents)[number];

// Inside the package, so that it can import itself.
const folder = new URL('../../.recipes/', import.meta.url);
const run = new Set<string>();

/** The modules of a document, by their headings. */
export async function recipes(document: RecipeDocument): Promise<ReadonlyMap<string, string>> {
  const text = await readFile(new URL(`../../docs/${document}`, import.meta.url), 'utf8');
  return new Map(
    Array.from(
      text.matchAll(/^## (.*)\n(?:(?!## ).*\n)*?```ts\n([^]*?)^```$/gm),
      ({ 1: title = '', 2: code = '' }) => [title, code],
    ),
  );
}

/** Where the module of a recipe is, of whichever document, to be imported or bundled; until {@link removeRecipes}. */
export async function recipeFile(title: string): Promise<string> {
  const all = await Promise.all(documents.map(recipes));
  const code = all.map(each => each.get(title)).find(each => each !== undefined);
  if (code === undefined) throw new Error(`Expected a recipe called ${title}`);
  const file = new URL(`${title.toLowerCase().replace(/\W+/g, '-')}.ts`, folder);
  await mkdir(folder, { recursive: true });
  await writeFile(file, code);
  return fileURLToPath(file);
}

/** What the module of a recipe exports. */
export async function runRecipe<T>(title: string): Promise<T> {
  run.add(title);
  return import(await recipeFile(title));
}

/** The recipes of a document that {@link runRecipe} has not been asked for. */
export async function recipesNotRun(document: RecipeDocument): Promise<string[]> {
  return [...(await recipes(document)).keys()].filter(title => !run.has(title));
}

export async function removeRecipes(): Promise<void> {
  await rm(folder, { recursive: true, force: true });
}
