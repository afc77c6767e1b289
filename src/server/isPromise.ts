import { hasMethod } from './hasMethod.js';

export function isPromise<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return hasMethod(value, 'then');
}
