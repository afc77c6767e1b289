const runtime: { readonly process?: Partial<NodeJS.Process> } = globalThis;
// Asked for at run time, since not every runtime has it.
const module = runtime.process?.getBuiltinModule?.('node:diagnostics_channel');

/** The channels of `node:diagnostics_channel` on which streams are reported, where there is such a module. */
export const diagnostics = {
  open: module?.channel('rxjs-sse:open'),
  close: module?.channel('rxjs-sse:close'),
  error: module?.channel('rxjs-sse:error'),
  refuse: module?.channel('rxjs-sse:refuse'),
};
