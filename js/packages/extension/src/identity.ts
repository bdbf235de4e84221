/**
 * The `tavern_id` of this tab: the same one for a browser profile for ever, another one for each further tab.
 *
 * The profile's base id lives in localStorage; the first tab is `base`, the next ones `base-2`, `base-3`, … A tab
 * holds its slot with a Web Lock, or, where the page's address is not a secure context (plain HTTP in a home network),
 * by answering on a BroadcastChannel. sessionStorage remembers the slot, so a reload gets the same one back; a
 * duplicated tab finds it held and takes the next.
 */

const BASE_KEY = "tavernlink.id";
const SLOT_KEY = "tavernlink.slot";
const CHANNEL = "tavernlink.tabs";
/** How long a reloaded tab waits for its former self to let go, in milliseconds. */
const HANDOVER = 700;
/** How long to wait for other tabs to speak up, in milliseconds. */
const ANSWER = 150;
const MAX_SLOTS = 100;

type Keep = Pick<Storage, "getItem" | "setItem">;

export interface IdentityHome {
  local: Keep;
  session: Keep;
  /** Absent in insecure contexts. */
  locks: LockManager | undefined;
  channel: ((name: string) => BroadcastChannel) | undefined;
}

/** Tries to take an id for the life of this page, waiting at most `patience` milliseconds for it. */
type Claim = (id: string, patience: number) => Promise<boolean>;

function makeId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(9));
  return `tavern-${[...bytes].map((byte) => byte.toString(36).padStart(2, "0")).join("")}`;
}

function claimByLock(locks: LockManager): Claim {
  return (id, patience) =>
    new Promise((resolve) => {
      const options = patience > 0 ? { signal: AbortSignal.timeout(patience) } : { ifAvailable: true };
      const held = locks.request(`tavernlink:${id}`, options, (lock) => {
        resolve(lock !== null);
        // Held until the page goes away.
        return lock === null ? undefined : new Promise<never>(() => undefined);
      });
      held.catch(() => {
        resolve(false);
      });
    });
}

interface Question {
  ask?: string;
  mine?: string;
  from: string;
}

function claimByChannel(open: (name: string) => BroadcastChannel): Claim {
  const channel = open(CHANNEL);
  const me = makeId();
  let held: string | undefined;
  let wanted: { id: string; refused: () => void } | undefined;
  channel.addEventListener("message", ({ data }: MessageEvent<Question>) => {
    if (data.ask !== undefined && data.ask === held)
      channel.postMessage({ mine: held, from: me } satisfies Question);
    if (wanted === undefined) return;
    // Two tabs that start together ask for the same id: the smaller name gets it.
    const lost = data.mine === wanted.id || (data.ask === wanted.id && data.from < me);
    if (lost) wanted.refused();
    else if (data.ask === wanted.id) channel.postMessage({ mine: wanted.id, from: me } satisfies Question);
  });
  return async (id) => {
    const free = await new Promise<boolean>((resolve) => {
      wanted = {
        id,
        refused: () => {
          resolve(false);
        },
      };
      setTimeout(() => {
        resolve(true);
      }, ANSWER);
      channel.postMessage({ ask: id, from: me } satisfies Question);
    });
    wanted = undefined;
    if (free) held = id;
    return free;
  };
}

export class Identity {
  private readonly claim: Claim;
  private slot = 1;

  constructor(private readonly home: IdentityHome) {
    if (home.locks !== undefined) this.claim = claimByLock(home.locks);
    else if (home.channel !== undefined) this.claim = claimByChannel(home.channel);
    else this.claim = () => Promise.resolve(true);
  }

  private get base(): string {
    const found = this.home.local.getItem(BASE_KEY);
    if (found !== null && /^[\w-]{1,100}$/.test(found)) return found;
    const made = makeId();
    this.home.local.setItem(BASE_KEY, made);
    return made;
  }

  private idOf(slot: number): string {
    return slot === 1 ? this.base : `${this.base}-${slot}`;
  }

  /** Find this tab's id. Call once. */
  async take(): Promise<string> {
    const before = Number(this.home.session.getItem(SLOT_KEY));
    if (Number.isInteger(before) && before >= 1 && before <= MAX_SLOTS) {
      if (await this.claim(this.idOf(before), HANDOVER)) return this.keep(before);
    }
    for (let slot = 1; slot <= MAX_SLOTS; slot += 1) {
      if (slot !== before && (await this.claim(this.idOf(slot), 0))) return this.keep(slot);
    }
    return makeId();
  }

  /** The hub says that somebody else connected under our id (a copied profile): an id of this tab's own from now on. */
  replace(): string {
    return `${this.idOf(this.slot)}-${makeId().slice(-6)}`;
  }

  private keep(slot: number): string {
    this.slot = slot;
    this.home.session.setItem(SLOT_KEY, String(slot));
    return this.idOf(slot);
  }
}
