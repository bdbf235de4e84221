/** Being signed in: the key, the line to the hub, and what everybody on the page shares. */

import { Connection, Hub, TavernlinkError, type ConnectionState } from "@tavernlink/client";

import { t } from "../i18n/language.svelte.js";
import { Errands } from "./errands.svelte.js";
import { Drafts } from "./drafts.js";
import { Figures } from "./figures.svelte.js";
import { anotherId, ownId } from "./identity.js";
import { Pairings } from "./pairings.svelte.js";
import { Pictures } from "./pictures.svelte.js";
import { Problems } from "./problems.svelte.js";
import { redeem, takeTicket } from "./ticket.js";
import { Taverns } from "./taverns.svelte.js";

export type Role = "admin" | "app" | "viewer" | "tavern";

const KEPT = "tavernlink.key";
/** What every page lives on; a chat is followed by the page that shows it. Of what is for admins, nobody else is told. */
const TOPICS = ["tavern.*", "pairing.*", "webhook.changed", "schedule.changed", "audit.written"];

/** The hub that served this page, a proxy's path before it included. */
export function hubAddress(): string {
  return new URL(".", location.href.replace(/#.*/, "")).href.replace(/\/$/, "");
}

/** A key names its role: `tl_<role>_<id>_<secret>`. */
export function roleOf(key: string): Role | undefined {
  const role = /^tl_(admin|app|viewer|tavern)_/.exec(key.trim())?.[1];
  return role as Role | undefined;
}

/** One signed-in stay: lives until the person signs out or the hub turns the key away. */
export class Stay {
  readonly hub: Hub;
  readonly taverns: Taverns;
  readonly figures: Figures;
  readonly pairings: Pairings;
  readonly pictures: Pictures;
  readonly drafts = new Drafts(localStorage);
  readonly errands = new Errands();
  line = $state<ConnectionState>({ name: "idle" });
  /** As which app the hub knows this page. */
  appId = $state("");

  constructor(
    readonly role: Role,
    readonly key: string,
    readonly problems: Problems,
  ) {
    const connection = new Connection({
      url: hubAddress(),
      key,
      role: "app",
      name: "console",
      id: ownId(localStorage),
      onReplaced: anotherId,
    });
    connection.on("state", (state) => {
      this.line = state;
    });
    this.hub = new Hub(connection);
    this.taverns = new Taverns(this.hub);
    this.figures = new Figures(this.hub);
    this.pairings = new Pairings(this.hub);
    this.pictures = new Pictures(this.hub);
    connection.on("session", ({ welcome, resumed }) => {
      this.appId = welcome.id;
      if (resumed) return;
      void this.taverns.load().catch(problems.take);
      void this.figures.load().catch(problems.take);
      if (role === "admin") void this.pairings.load().catch(problems.take);
    });
  }

  get mayWrite(): boolean {
    return this.role !== "viewer";
  }

  close(): void {
    this.figures.close();
    this.pictures.close();
    this.hub.close();
  }
}

class Session {
  stay = $state.raw<Stay | null>(null);
  busy = $state(false);
  readonly problems = new Problems();

  /** Go in with the ticket in the address, else go on with a key that this browser kept. */
  async restore(): Promise<void> {
    const ticket = takeTicket();
    if (ticket !== undefined) {
      try {
        await this.signIn(await redeem(ticket), false);
        return;
      } catch (error) {
        this.problems.take(error);
      }
    }
    const key = sessionStorage.getItem(KEPT) ?? localStorage.getItem(KEPT);
    if (key === null) return;
    try {
      await this.signIn(key, localStorage.getItem(KEPT) !== null);
    } catch (error) {
      this.problems.take(error);
    }
  }

  /** Rejects with the hub's reason where it turns the key away. */
  async signIn(key: string, remember: boolean): Promise<void> {
    const role = roleOf(key);
    if (role === "tavern") throw new Error(t("signin.notTavern"));
    this.busy = true;
    const stay = new Stay(role ?? "app", key.trim(), this.problems);
    try {
      await stay.hub.ready();
      await stay.hub.subscribe(TOPICS, { tavern: "*" });
      await stay.pictures.follow();
      await stay.figures.follow();
      await stay.taverns.load();
    } catch (error) {
      stay.close();
      this.forget();
      throw error;
    } finally {
      this.busy = false;
    }
    sessionStorage.setItem(KEPT, key.trim());
    if (remember) localStorage.setItem(KEPT, key.trim());
    stay.hub.connection.on("state", (state) => {
      if (state.name === "refused") {
        this.problems.take(new TavernlinkError(state.code, state.message));
        this.signOut();
      }
    });
    this.stay = stay;
  }

  signOut(): void {
    this.stay?.drafts.clear();
    this.stay?.close();
    this.stay = null;
    this.forget();
  }

  private forget(): void {
    sessionStorage.removeItem(KEPT);
    localStorage.removeItem(KEPT);
  }
}

export const session = new Session();
