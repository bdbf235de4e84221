/** What this page asked of SillyTaverns and is not finished: it goes on while the person looks at another page. */

import type { Generation } from "@tavernlink/client";

export interface Errand {
  id: string;
  tavern: string;
  /** Requests before it; 0: it runs. */
  position: number;
  cancel: () => Promise<void>;
}

export class Errands {
  private list = $state.raw<readonly Errand[]>([]);

  /** Those of one tavern, in the order in which they were asked. */
  of(tavern: string): readonly Errand[] {
    return this.list.filter((each) => each.tavern === tavern);
  }

  async follow<Result>(tavern: string, generation: Generation<Result>): Promise<Result> {
    const id = generation.requestId;
    const others = (): Errand[] => this.list.filter((each) => each.id !== id);
    generation.moved = (position) => {
      const errand = { id, tavern, position: position ?? 0, cancel: () => generation.cancel() };
      const at = this.list.findIndex((each) => each.id === id);
      this.list = at < 0 ? [...this.list, errand] : this.list.with(at, errand);
    };
    try {
      return await generation.result;
    } finally {
      generation.moved = undefined;
      this.list = others();
    }
  }
}
