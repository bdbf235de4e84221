/** Which page is shown: the part of the address behind `#`, so that a page can be linked and Back works. */

export type Page =
  | "overview"
  | "chat"
  | "rooms"
  | "requests"
  | "tabs"
  | "functions"
  | "routes"
  | "webhooks"
  | "schedules"
  | "keys"
  | "settings"
  | "logs"
  | "audit";

const PAGES: readonly Page[] = [
  "overview",
  "chat",
  "rooms",
  "requests",
  "tabs",
  "functions",
  "routes",
  "webhooks",
  "schedules",
  "keys",
  "settings",
  "logs",
  "audit",
];

class Place {
  page = $state<Page>("overview");
  /** What follows the page in the address, e.g. a tavern's id. */
  detail = $state("");

  /** Asked before another page is shown, by a page with unsaved work; false: stay. */
  mayLeave: (() => boolean) | null = null;
  private shown = location.hash;

  constructor() {
    this.read();
    addEventListener("hashchange", () => {
      if (location.hash === this.shown) return;
      if (this.mayLeave !== null && !this.mayLeave()) {
        history.replaceState(null, "", this.shown);
        return;
      }
      this.shown = location.hash;
      this.read();
    });
  }

  private read(): void {
    const [page, ...rest] = location.hash.replace(/^#\/?/, "").split("/");
    this.page = PAGES.find((each) => each === page) ?? "overview";
    this.detail = decodeURIComponent(rest.join("/"));
  }
}

export const place = new Place();

export function linkTo(page: Page, detail = ""): string {
  return detail === "" ? `#/${page}` : `#/${page}/${encodeURIComponent(detail)}`;
}
