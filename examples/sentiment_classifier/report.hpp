// What: how a trained model is judged: confusion matrix, most confident mistakes, the neighbours of telling words.
// Why:  accuracy says how good a model is; these say why.
// See:  train_command.hpp; rowgrad/vectors/nearest.hpp.
#pragma once

#include <algorithm>
#include <cstdio>

#include "judge.hpp"
#include "training.hpp"

/// Rows: the true class; columns: the predicted one.
inline void print_confusion(const Corpus& corpus, const std::vector<Index>& samples, const Predictions& predictions) {
  Judgement judgement(corpus.data.classes);
  for (std::size_t i = 0; i < samples.size(); ++i)
    judgement.add(static_cast<std::size_t>(corpus.label(samples[i])), static_cast<std::size_t>(predictions.classes[i]));
  judgement.print_confusion(20);
}

/// A text in lines of at most 79 columns, behind an indentation.
inline void print_wrapped(const std::string& text, std::size_t indent) {
  std::size_t column = 0;
  for (const std::string& word : rowgrad::text::text_to_word_sequence(text, "\t", false)) {
    const bool starts_line = column == 0 || column + 1 + word.size() > 79;
    if (starts_line && column != 0) std::printf("\n");
    std::printf("%*s%s", starts_line ? static_cast<int>(indent) : 1, "", word.c_str());
    column = (starts_line ? indent : column + 1) + word.size();
  }
  std::printf("\n");
}

/// The wrong answers in which the model had most confidence.
inline void print_mistakes(const Corpus& corpus, const std::vector<Index>& samples, const Predictions& predictions,
                           std::size_t most) {
  std::vector<std::size_t> wrong;
  for (std::size_t i = 0; i < samples.size(); ++i)
    if (predictions.classes[i] != corpus.label(samples[i])) wrong.push_back(i);
  std::stable_sort(wrong.begin(), wrong.end(), [&](std::size_t a, std::size_t b) {
    return predictions.probabilities[a] > predictions.probabilities[b];
  });
  wrong.resize(std::min(wrong.size(), most));
  if (wrong.empty()) return;
  std::printf("\nMost confidently wrong\n");
  for (const std::size_t i : wrong) {
    std::printf("  is %s, predicted %s with probability %.4f:\n", corpus.class_name(corpus.label(samples[i])),
                corpus.class_name(predictions.classes[i]), static_cast<double>(predictions.probabilities[i]));
    print_wrapped(corpus.data.texts[static_cast<std::size_t>(samples[i])], 6);
  }
}

/// The words that occur three times or more in these samples (training hardly moves the others), most telling first:
/// those whose counts differ most between one class and the others, by their chi-square terms.
inline std::vector<Index> telling_words(const Corpus& corpus, const std::vector<Index>& samples) {
  Eigen::ArrayXXd counts = Eigen::ArrayXXd::Zero(corpus.vocabulary.size(), corpus.classes());
  for (const Index sample : samples)
    for (const std::string& word : corpus.words(sample)) ++counts(corpus.vocabulary[word], corpus.label(sample));

  const Eigen::ArrayXd seen = counts.rowwise().sum();
  Eigen::ArrayXd score = Eigen::ArrayXd::Zero(seen.size());
  for (Index c = 0; c < corpus.classes(); ++c) {
    const Eigen::ArrayXd expected = seen * counts.col(c).sum() / seen.sum();
    score = score.max((counts.col(c) - expected).square() / expected.max(1e-9));
  }
  std::vector<Index> rows;
  for (Index row = 0; row < seen.size(); ++row)
    if (seen[row] >= 3) rows.push_back(row);
  std::stable_sort(rows.begin(), rows.end(), [&](Index a, Index b) { return score[a] > score[b]; });
  return rows;
}

/// The words of these rows nearest to a word, nearest first.
inline std::string neighbours(const Corpus& corpus, const Tensor<float>& table, const std::vector<Index>& rows,
                              Index word, int most) {
  std::string text;
  for (const auto& [row, similarity] : rowgrad::vectors::nearest(table, word, corpus.vocabulary.size())) {
    if (std::find(rows.begin(), rows.end(), row) == rows.end()) continue;
    text += (text.empty() ? "" : ", ") + corpus.vocabulary.word(row);
    if (--most == 0) break;
  }
  return text;
}

/// The nearest words of a few telling words, before and after training.
inline void print_neighbours(const Corpus& corpus, const std::vector<Index>& training_samples,
                             const Tensor<float>& before, const Tensor<float>& after) {
  const std::vector<Index> rows = telling_words(corpus, training_samples);
  if (rows.size() < 2) return;
  std::printf("\nNearest words, before and after training\n");
  for (std::size_t i = 0; i < std::min<std::size_t>(rows.size(), 6); ++i) {
    std::printf("  %-11s before  %s\n", corpus.vocabulary.word(rows[i]).c_str(),
                neighbours(corpus, before, rows, rows[i], 5).c_str());
    std::printf("  %-11s after   %s\n", "", neighbours(corpus, after, rows, rows[i], 5).c_str());
  }
}
