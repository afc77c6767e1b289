/** What a spec needs of Express 4 is typed as in Express 5. */
declare module 'express-4' {
  export { default } from 'express';
}
