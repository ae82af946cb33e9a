export function countEnglish(text: string): {
  comments: number;
  openings: number;
  words: number;
  pronouns: number;
  problems: string[];
};
export function countDocstrings(text: string): { exported: number; missing: string[] };
