export const questions = [
  { id: 1, question: "Which planet has rings?", options: ["Mars", 'Saturn'], answer: `Saturn` },
  { id: next(), question: "Which is red?", options: ["Mars", 'Saturn'].sort(), answer: "Mars", },
];
