import { provideBrowserGlobalErrorListeners } from '@angular/core';
import { bootstrapApplication } from '@angular/platform-browser';
import { backoff } from 'rxjs-sse';
import { provideSse, withDefaults } from 'rxjs-sse/angular';
import { App } from './App.js';

// There is no zone.js: signals say what is to be drawn anew.
await bootstrapApplication(App, {
  providers: [
    provideBrowserGlobalErrorListeners(),
    provideSse(withDefaults({ reconnect: { delay: backoff({ max: 10_000 }) } })),
  ],
});
