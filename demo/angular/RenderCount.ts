import { afterEveryRender, ChangeDetectionStrategy, Component, ElementRef, inject } from '@angular/core';

/** How often Angular has drawn the page. */
@Component({
  selector: 'app-render-count',
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: '',
})
export class RenderCount {
  readonly #element = inject<ElementRef<HTMLElement>>(ElementRef).nativeElement;
  // Not a signal: to show its value would be one more render.
  #count = 0;

  constructor() {
    afterEveryRender({ write: () => (this.#element.textContent = `${++this.#count}`) });
  }
}
