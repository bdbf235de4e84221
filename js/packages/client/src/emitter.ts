/** Listeners by event name, typed. A listener that throws is reported and the others still run. */

type Listener<Value> = (value: Value) => void;

export class Emitter<Events extends object> {
  private readonly listeners = new Map<keyof Events, Set<Listener<never>>>();

  constructor(private readonly report: (error: unknown) => void) {}

  /** Returns the function that takes the listener away again. */
  on<Name extends keyof Events>(name: Name, listener: Listener<Events[Name]>): () => void {
    let set = this.listeners.get(name);
    if (set === undefined) this.listeners.set(name, (set = new Set()));
    set.add(listener);
    return () => set.delete(listener);
  }

  emit<Name extends keyof Events>(name: Name, value: Events[Name]): void {
    const set = this.listeners.get(name);
    if (set === undefined) return;
    for (const listener of [...set] as Listener<Events[Name]>[]) {
      try {
        listener(value);
      } catch (error) {
        this.report(error);
      }
    }
  }
}
