/** The seam through which every part of the extension sends: one function, and word of when there is room for more. */

import type { Messages, TavernSends } from "@tavernlink/client";

export interface Outlet {
  /** False: there is no session with the hub, so nothing was sent. Snapshots are asked for when there is one. */
  send<Type extends TavernSends>(type: Type, content: Messages[Type]): boolean;
  /** Resolves when the hub has confirmed enough that a large message may be added. */
  room(): Promise<void>;
  /** Largest message, in bytes. */
  readonly maxPayload: number;
}
