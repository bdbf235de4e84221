/**
 * Who may use SillyTavern's prompt machinery now.
 *
 * SillyTavern's `Generate` has no guard against running twice, and a visible generation shares its globals (extension
 * prompts, speaking character, counters) with the dry runs that our builds are. So:
 *
 * - builds run one at a time, and start only when nothing visible is being generated;
 * - a generation that somebody starts during a build is held in SillyTavern's own awaited events GENERATION_STARTED and
 *   GENERATION_AFTER_COMMANDS until the build is over (some tens of milliseconds), never longer than HOLD_LIMIT_MS:
 *   a listener inside our own build might be the one that waits for it.
 *
 * There is no event for every way a generation ends (an interceptor's abort, a lost server), so its end is read from
 * `body[data-generating]`, which SillyTavern sets and clears with its Send and Stop buttons.
 */

import { context, type STStreamingProcessor } from "./context.js";
import { HostError, throwIfCancelled } from "./failure.js";

const HOLD_LIMIT_MS = 5_000;
/** From GENERATION_AFTER_COMMANDS to the Stop button there is a ping of the server and little else. */
const START_LIMIT_MS = 10_000;
/** A generation that a slash command ended says nothing more. */
const ENTER_LIMIT_MS = 1_000;
/** A finished reply is still being saved; see `#saving`. */
const SAVE_LIMIT_MS = 10_000;
const SAVE_LOOK_MS = 20;
/** SillyTavern's own dry runs (token counting) announce their start, but not every end. */
const DRY_LIMIT_MS = 5_000;

type StartListener = (
  type: string,
  options: { signal?: AbortSignal } | undefined,
  dryRun: boolean,
) => Promise<void>;

export class Gate {
  #building: { signal: AbortSignal; done: Promise<void> } | null = null;
  #queue: Promise<void> = Promise.resolve();
  #startingUntil = 0;
  /** Somebody's generation has begun but may still turn out to be a slash command. */
  #enteringUntil = 0;
  /** When to stop waiting for each of SillyTavern's own dry runs. */
  #dryRuns: number[] = [];
  /** Generations that wait for the end of a build. They go before the next build. */
  #held = 0;
  #groupRuns = 0;
  /** Generations that run under somebody else's name: no build may see it. */
  #reserved = 0;
  /** The streamed reply that is being saved, and when to stop waiting for it. */
  #finished: { processor: STStreamingProcessor; limit: number } | null = null;
  readonly #waiters = new Set<() => void>();
  readonly #observer: MutationObserver;
  readonly #undo: (() => void)[] = [];

  constructor(private readonly page: Document = document) {
    this.#observer = new MutationObserver(() => {
      if (this.#buttonsSayGenerating()) this.#startingUntil = 0;
      this.#wake();
    });
    this.#observer.observe(this.page.body, { attributes: true, attributeFilter: ["data-generating"] });
    this.#listen();
  }

  /** True while a visible generation runs or is starting, whoever asked for it. */
  get visible(): boolean {
    return this.#buttonsSayGenerating() || this.#groupRuns > 0 || performance.now() < this.#startingUntil;
  }

  /** True for the dry run of the build that is going on. */
  isOurs(options: { signal?: AbortSignal } | undefined): boolean {
    return this.#building !== null && options?.signal === this.#building.signal;
  }

  /** Resolves when nothing visible is being generated. Rejects with `cancelled`. */
  async whenIdle(signal: AbortSignal): Promise<void> {
    await this.#until(() => !this.visible && !this.#saving, signal);
  }

  /** Resolves when a generation that has just returned is really over: auto-continue may have begun the next one. */
  async settled(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, 0));
    await this.#until(
      () => !this.visible && performance.now() >= this.#enteringUntil,
      new AbortController().signal,
    );
  }

  /** Runs `build` alone: no other build, no visible generation, no dry run of SillyTavern's. */
  async build<T>(signal: AbortSignal, build: (token: AbortSignal) => Promise<T>): Promise<T> {
    const before = this.#queue;
    let release = (): void => undefined;
    this.#queue = new Promise((resolve) => {
      release = resolve;
    });
    try {
      await before;
      await this.#until(
        () => !this.visible && !this.#saving && !this.#dryRunning && this.#held === 0 && this.#reserved === 0,
        signal,
      );
      const token = new AbortController().signal;
      let finish = (): void => undefined;
      this.#building = {
        signal: token,
        done: new Promise((resolve) => {
          finish = resolve;
        }),
      };
      try {
        return await build(token);
      } finally {
        this.#building = null;
        finish();
        this.#wake();
      }
    } finally {
      release();
    }
  }

  /** Resolves when no build is going on, and lets none begin until the function that it returns is called. */
  async reserve(signal: AbortSignal): Promise<() => void> {
    this.#reserved += 1;
    const release = (): void => {
      this.#reserved -= 1;
      this.#wake();
    };
    try {
      await this.#until(() => this.#building === null, signal);
    } catch (thrown) {
      release();
      throw thrown;
    }
    return release;
  }

  dispose(): void {
    this.#observer.disconnect();
    for (const undo of this.#undo.splice(0)) undo();
  }

  /**
   * True while a streamed reply is saved. SillyTavern shows its buttons before that, and drops its streaming processor
   * after it, whichever that then is: one that began in between would lose its own. No event tells.
   */
  get #saving(): boolean {
    const processor = context().streamingProcessor;
    if (processor === null || !processor.isFinished || processor.isStopped) {
      this.#finished = null;
      return false;
    }
    if (this.#finished?.processor !== processor) {
      this.#finished = { processor, limit: performance.now() + SAVE_LIMIT_MS };
    }
    return performance.now() < this.#finished.limit;
  }

  get #dryRunning(): boolean {
    this.#dryRuns = this.#dryRuns.filter((limit) => limit > performance.now());
    return this.#dryRuns.length > 0;
  }

  #buttonsSayGenerating(): boolean {
    return this.page.body.dataset["generating"] === "true";
  }

  #listen(): void {
    const { eventSource, eventTypes } = context();
    const on = (name: string, listener: (...args: never[]) => unknown): void => {
      const event = eventTypes[name];
      if (event === undefined) return;
      eventSource.on(event, listener);
      this.#undo.push(() => {
        eventSource.removeListener(event, listener);
      });
    };
    const started: StartListener = async (_type, options, dryRun) => {
      if (this.isOurs(options)) return;
      await this.#hold(() => {
        if (dryRun) this.#dryRuns.push(performance.now() + DRY_LIMIT_MS);
        // Until GENERATION_AFTER_COMMANDS it only runs slash commands, which a build does not disturb.
        else this.#enteringUntil = performance.now() + ENTER_LIMIT_MS;
      });
    };
    const afterCommands: StartListener = async (_type, options, dryRun) => {
      if (this.isOurs(options) || dryRun) return;
      await this.#hold(() => {
        this.#enteringUntil = 0;
        if (context().onlineStatus === "no_connection" || this.#buttonsSayGenerating()) return;
        this.#startingUntil = performance.now() + START_LIMIT_MS;
      });
    };
    on("GENERATION_STARTED", started);
    on("GENERATION_AFTER_COMMANDS", afterCommands);
    on("GENERATE_AFTER_DATA", (_data: unknown, dryRun: boolean) => {
      if (dryRun && this.#building === null) {
        this.#dryRuns.shift();
        this.#wake();
      }
    });
    on("GROUP_WRAPPER_STARTED", () => {
      this.#groupRuns = 1;
    });
    on("GROUP_WRAPPER_FINISHED", () => {
      this.#groupRuns = 0;
      this.#startingUntil = 0;
      this.#wake();
    });
    for (const ended of ["GENERATION_ENDED", "GENERATION_STOPPED"]) {
      on(ended, () => {
        this.#startingUntil = 0;
        this.#wake();
      });
    }
  }

  /** Waits for the end of the build; `proceed` runs in the same turn as the last look. */
  async #hold(proceed: () => void): Promise<void> {
    this.#held += 1;
    const limit = performance.now() + HOLD_LIMIT_MS;
    while (this.#building !== null && performance.now() < limit) {
      let timer: ReturnType<typeof setTimeout> | undefined;
      const late = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, limit - performance.now());
      });
      await Promise.race([this.#building.done, late]);
      clearTimeout(timer);
    }
    this.#held -= 1;
    proceed();
    this.#wake();
  }

  #wake(): void {
    for (const waiter of [...this.#waiters]) waiter();
  }

  async #until(ready: () => boolean, signal: AbortSignal): Promise<void> {
    while (!ready()) {
      throwIfCancelled(signal);
      await new Promise<void>((resolve, reject) => {
        const stop = (): void => {
          this.#waiters.delete(check);
          signal.removeEventListener("abort", aborted);
          clearTimeout(timer);
        };
        const check = (): void => {
          if (!ready()) return;
          stop();
          resolve();
        };
        const aborted = (): void => {
          stop();
          reject(new HostError("cancelled", "The request was cancelled."));
        };
        // These end without an event.
        const due = this.#saving
          ? SAVE_LOOK_MS
          : Math.max(this.#startingUntil, this.#enteringUntil, ...this.#dryRuns) - performance.now();
        const timer = setTimeout(
          () => {
            stop();
            resolve();
          },
          due > 0 ? due + 1 : HOLD_LIMIT_MS,
        );
        this.#waiters.add(check);
        signal.addEventListener("abort", aborted, { once: true });
      });
    }
    throwIfCancelled(signal);
  }
}
