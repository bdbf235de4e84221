/** What the documents' fragments of scripts find around them: the globals of their place. */

declare const hub: import("@tavernlink/client").Hub;
declare const socket: import("socket.io-client").Socket;
declare const io: typeof import("socket.io-client").io;
declare const tavernlink: import("tavernlink").TavernlinkApi;

interface Window {
  readonly tavernlink: import("tavernlink").TavernlinkApi;
}
