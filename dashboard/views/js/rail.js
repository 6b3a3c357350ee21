/** The views' icons: paths in a box of 24 by 24, by the view's key. */

/** @type {Record<string, string>} */
export const ICONS = {
  talk: "M12 15a3.5 3.5 0 0 0 3.5-3.5v-5a3.5 3.5 0 1 0-7 0v5A3.5 3.5 0 0 0 12 15ZM5.5 11.5a6.5 6.5 0 0 0 13 0M12 18v3",
  replay: "M4 12a8 8 0 1 0 2.6-5.9L4 8.4M4 4v4.4h4.4M12 8v4.5l3 1.8",
  prompts: "M4.5 20h4l10-10a2.8 2.8 0 0 0-4-4l-10 10v4ZM13 7.5l4 4M13 20h7",
  lab: "M9.5 3.5v6L4.6 18a1.8 1.8 0 0 0 1.6 2.6h11.6a1.8 1.8 0 0 0 1.6-2.6l-4.9-8.5v-6M8 3.5h8M7 15h10",
  tools: "M14.5 6.5a4 4 0 0 1 5-1.4l-2.7 2.7 1.4 1.4 2.7-2.7a4 4 0 0 1-5.4 5L8 19a2 2 0 0 1-3-3l7.5-7.5a4 4 0 0 1 2-2Z",
  inspector: "M3 12.5h4l2.5-7 4.5 13 2.5-6h4.5",
  settings: "M4 7h9m5 0h2M4 17h2m5 0h9M15.5 4.8v4.400M8.5 14.8v4.400",
};

/** Beside the text box: files to attach. */
export const CLIP =
  "M20 11.500l-8 8a5 5 0 0 1-7-7l8.500-8.500a3.300 3.300 0 0 1 4.700 4.700L9.700 17.200a1.600 1.600 0 0 1-2.300-2.300l7.600-7.600";
