import { makeEnvironmentProviders, type EnvironmentProviders, type Provider } from '@angular/core';
import { SseClient } from './SseClient.js';

/** Something that `provideSse` sets up. */
export interface SseFeature {
  readonly providers: readonly Provider[];
}

/**
 * Sets up {@link SseClient} for an application, or for the routes that have it among their `providers`: where streams are found,
 * what they send, how they behave. What a route does not set is as in the application.
 *
 * @param features `withBaseUrl`, `withDefaults`, `withHeaders`, `withHttpClient`. None is needed.
 * @example
 * ```ts
 * import { inject, Injectable, type ApplicationConfig } from '@angular/core';
 * import { provideSse, withBaseUrl, withHeaders } from 'rxjs-sse/angular';
 *
 * @Injectable({ providedIn: 'root' })
 * class AuthService {
 *   token = () => 'secret';
 * }
 *
 * export const appConfig: ApplicationConfig = {
 *   providers: [
 *     provideSse(
 *       withBaseUrl('https://api.example.com'),
 *       withHeaders(() => ({ Authorization: `Bearer ${inject(AuthService).token()}` })),
 *     ),
 *   ],
 * };
 * ```
 */
export function provideSse(...features: readonly SseFeature[]): EnvironmentProviders {
  return makeEnvironmentProviders([SseClient, ...features.flatMap(({ providers }) => providers)]);
}
