// Rearranging, indexing and products against central differences: one row for each operation and option.
#include <doctest/doctest.h>

#include <cmath>
#include <vector>

#include <rowgrad/rowgrad.hpp>

#include <support/gradient_table.hpp>

using gradient_table::In;
using gradient_table::Row;
using gradient_table::Values;

namespace {

std::vector<Row> table() {
  using namespace rowgrad;  // NOLINT: as a user writes it
  return {
      {"permute", [](In x) { return x[0].permute(2, 0, 1); }, {{2, 3, 2}}},
      {"movedim", [](In x) { return x[0].movedim(0, -1); }, {{2, 3, 2}}},
      {"swapaxes", [](In x) { return x[0].swapaxes(0, -1); }, {{2, 3, 2}}},
      {"T", [](In x) { return x[0].T(); }, {{2, 3}}},
      {"flip", [](In x) { return x[0].flip(0, 2); }, {{2, 3, 2}}},
      {"roll",
       [](In x) {
         return x[0].roll({1, -2}, {0, 1});
       },
       {{2, 3}}},
      {"roll, flat", [](In x) { return x[0].roll(2); }, {{2, 3}}},
      {"repeat", [](In x) { return x[0].repeat(2, 1, 3); }, {{2, 2}}},
      {"repeat_interleave", [](In x) { return x[0].repeat_interleave(2, 1); }, {{2, 3}}},
      {"slice, step, rows", [](In x) { return x[0].slice(0, 0, 5, 2); }, {{5, 2}}},
      {"slice, step, columns", [](In x) { return x[0].slice(1, 1, 5, 2); }, {{2, 5}}},
      {"narrow", [](In x) { return x[0].narrow(1, 1, 2); }, {{2, 4}}},
      {"unflatten",
       [](In x) {
         return x[0].unflatten(1, {2, -1}) * x[0].unflatten(1, {2, -1});
       },
       {{2, 4}}},
      {"diagonal", [](In x) { return x[0].diagonal(1); }, {{3, 3}}},
      {"expand, kept sizes", [](In x) { return x[0].expand(2, -1, 3); }, {{2, 1}}},
      {"contiguous", [](In x) { return x[0].t().contiguous(); }, {{2, 3}}},
      {"split", [](In x) { return x[0].split(2, 1)[0] * x[0].split(2, 1)[1]; }, {{2, 4}}},
      {"split, some rows",
       [](In x) {
         return x[0].split({1, 2, 1})[1];
       },
       {{4, 2}}},
      {"chunk", [](In x) { return x[0].chunk(2)[0] * x[0].chunk(2)[1]; }, {{4, 2, 2}}},
      {"unbind", [](In x) { return x[0].unbind()[0] * x[0].unbind()[2]; }, {{3, 2}}},
      {"unbind, last", [](In x) { return x[0].unbind(-1)[0] * x[0].unbind(-1)[2]; }, {{2, 3}}},
      {"hstack",
       [](In x) {
         return hstack({x[0], x[1]});
       },
       {{2, 1}, {2, 2}}},
      {"index",
       [](In x) {
         return x[0][Indices{{1, 2}, {1, -1}}];
       },
       {{4, 2}}},
      {"index, cube",
       [](In x) {
         return x[0][{1, 0, 1}];
       },
       {{2, 3, 2}}},
      {"index, vector",
       [](In x) {
         return x[0][{1, 0, 1}];
       },
       {{3}}},
      {"index, of two dimensions",
       [](In x) {
         return x[0].index({{1, 0, 1}, {2, 2, 2}});
       },
       {{2, 3, 2}}},
      {"index, mask",
       [](In x) {
         return x[0][Mask{true, false, true}];
       },
       {{3, 2}}},
      {"index, mask of elements",
       [](In x) {
         return x[0][Mask{{true, false}, {true, true}}];
       },
       {{2, 2}}},
      {"masked_select",
       [](In x) {
         return x[0].masked_select(Mask{{true, false}, {true, true}});
       },
       {{2}}},
      {"index_select",
       [](In x) {
         return x[0].index_select(1, {2, 0, 2});
       },
       {{2, 3, 2}}},
      {"index_select, table",
       [](In x) {
         return x[0].index_select(0, {2, 0, 2});
       },
       {{3, 2}}},
      {"gather",
       [](In x) {
         return x[0].gather(1, {{2, 0, 2, 2}});
       },
       {{2, 3}}},
      {"gather, first",
       [](In x) {
         return x[0].gather(0, {{1, 0}, {1, 1}, {0, 0}});
       },
       {{2, 3}}},
      {"take_along_dim, repeated",
       [](In x) {
         return x[0].take_along_dim({{1}, {0}}, 1);
       },
       {{1, 3}}},
      {"take",
       [](In x) {
         return take(x[0], {{1, 5}, {1, -2}});
       },
       {{2, 3}}},
      {"repeat_interleave, counts",
       [](In x) {
         return x[0].repeat_interleave({2, 0, 1}, 1);
       },
       {{2, 3}}},
      {"scatter",
       [](In x) {
         return x[0].scatter(1, {{2, 0}}, x[1]);
       },
       {{2, 3}, {2, 3}}},
      {"scatter, value",
       [](In x) {
         return x[0].scatter(1, {{2, 0}}, 3);
       },
       {{2, 3}}},
      {"scatter_add",
       [](In x) {
         return x[0].scatter_add(0, {{1, 1}, {1, 0}}, x[1]);
       },
       {{2, 3}, {2, 2}}},
      {"scatter_add, by itself",
       [](In x) {
         return x[0].scatter_add(0, {{1, 1}, {1, 0}}, x[0]);
       },
       {{2, 3}}},
      {"index_add",
       [](In x) {
         return x[0].index_add(1, {2, 2}, x[1], 0.5);
       },
       {{2, 3}, {2, 2}}},
      {"index_copy",
       [](In x) {
         return x[0].index_copy(0, {2, 0}, x[1]);
       },
       {{3, 2}, {2, 2}}},
      {"index_fill",
       [](In x) {
         return x[0].index_fill(0, {2, 0}, 3);
       },
       {{3, 2}}},
      {"masked_scatter",
       [](In x) {
         return x[0].masked_scatter(Mask{true, false}, x[1]);
       },
       {{3, 2}, {2, 2}}},
      {"index_add_",
       [](In x) {
         return (x[0] * x[0]).index_add_(0, {2, 2}, x[1]);
       },
       {{3, 2}, {2, 2}}},
      {"index_copy_",
       [](In x) {
         return (x[0] * x[0]).index_copy_(0, {2, 1}, x[1]);
       },
       {{3, 2}, {2, 2}}},
      {"scatter_add_",
       [](In x) {
         return (x[0] * x[0]).scatter_add_(0, {{2, 2}}, x[1]);
       },
       {{3, 2}, {2, 2}}},
      {"index_put_",
       [](In x) {
         return (x[0] * x[0]).index_put_({{2, 1}, {0, -1}}, x[1]);
       },
       {{3, 2}, {2}}},
      {"add_", [](In x) { return (x[0] * x[1]).add_(x[1], 0.5); }, {{3, 2}, {2}}},
      {"sub_", [](In x) { return (x[0] * x[1]).sub_(x[1]); }, {{3, 2}, {3, 1}}},
      {"mul_", [](In x) { return (x[0] * x[1]).mul_(x[1]); }, {{3, 2}, {2}}},
      {"div_", [](In x) { return (x[0] * x[1]).div_(x[1]); }, {{3, 2}, {2}}, Values::away},
      {"copy_", [](In x) { return (x[0] * x[1]).copy_(x[1]) * x[0]; }, {{3, 2}, {2}}},
      {"einsum, mm", [](In x) { return einsum("ij,jk->ik", x[0], x[1]); }, {{2, 3}, {3, 4}}},
      {"einsum, implicit", [](In x) { return einsum("ij,jk", x[0], x[1]); }, {{2, 3}, {3, 4}}},
      {"einsum, implicit order", [](In x) { return einsum("ba", x[0]); }, {{2, 3}}},
      {"einsum, transposed", [](In x) { return einsum("ij,kj->ki", x[0], x[1]); }, {{2, 3}, {4, 3}}},
      {"einsum, batch", [](In x) { return einsum("bij,bjk->bik", x[0], x[1]); }, {{2, 2, 3}, {2, 3, 2}}},
      {"einsum, batch last", [](In x) { return einsum("ijb,jkb->bki", x[0], x[1]); }, {{2, 3, 2}, {3, 2, 2}}},
      {"einsum, dot", [](In x) { return einsum("i,i->", x[0], x[1]); }, {{3}, {3}}},
      {"einsum, outer", [](In x) { return einsum("i,j->ij", x[0], x[1]); }, {{2}, {3}}},
      {"einsum, multiply", [](In x) { return einsum("ij,ij->ij", x[0], x[1]); }, {{2, 3}, {2, 3}}},
      {"einsum, row dots", [](In x) { return einsum("bd,bd->b", x[0], x[1]); }, {{4, 3}, {4, 3}}},
      {"einsum, scores", [](In x) { return einsum("bd,bnd->bn", x[0], x[1]); }, {{2, 3}, {2, 4, 3}}},
      {"einsum, trace", [](In x) { return einsum("ii->", x[0]); }, {{3, 3}}},
      {"einsum, trace implicit", [](In x) { return einsum("ii", x[0]); }, {{3, 3}}},
      {"einsum, diagonal", [](In x) { return einsum("bii->bi", x[0]); }, {{2, 3, 3}}},
      {"einsum, diagonal product", [](In x) { return einsum("ii,i->i", x[0], x[1]); }, {{3, 3}, {3}}},
      {"einsum, permute", [](In x) { return einsum("ijk->kij", x[0]); }, {{2, 3, 4}}},
      {"einsum, same", [](In x) { return einsum("ij->ij", x[0]); }, {{2, 3}}},
      {"einsum, sum", [](In x) { return einsum("ij->", x[0]); }, {{2, 3}}},
      {"einsum, sum rows", [](In x) { return einsum("ij->j", x[0]); }, {{2, 3}}},
      {"einsum, sum before", [](In x) { return einsum("ij,k->k", x[0], x[1]); }, {{2, 3}, {2}}},
      {"einsum, three", [](In x) { return einsum("ij,jk,kl->il", x[0], x[1], x[2]); }, {{2, 3}, {3, 2}, {2, 4}}},
      {"einsum, bilinear", [](In x) { return einsum("bn,anm,bm->ba", x[0], x[1], x[2]); }, {{3, 2}, {4, 2, 2}, {3, 2}}},
      {"einsum, heads", [](In x) { return einsum("bqhd,bkhd->bhqk", x[0], x[1]); }, {{2, 2, 2, 3}, {2, 3, 2, 3}}},
      {"einsum, dots batch", [](In x) { return einsum("...ij,...jk->...ik", x[0], x[1]); }, {{2, 2, 3}, {3, 2}}},
      {"einsum, dots both", [](In x) { return einsum("...ij,...jk->...ik", x[0], x[1]); }, {{2, 1, 2, 3}, {4, 3, 2}}},
      {"einsum, dots implicit", [](In x) { return einsum("...ij,...jk", x[0], x[1]); }, {{2, 2, 3}, {2, 3, 2}}},
      {"einsum, dots sum", [](In x) { return einsum("...i->...", x[0]); }, {{2, 2, 3}}},
      {"einsum, dots last", [](In x) { return einsum("i...->...i", x[0]); }, {{2, 3, 4}}},
      {"einsum, dots none", [](In x) { return einsum("...i,i->...", x[0], x[1]); }, {{3}, {3}}},
      {"einsum, size one", [](In x) { return einsum("ij,ij->ij", x[0], x[1]); }, {{2, 1}, {2, 3}}},
      {"einsum, size one summed", [](In x) { return einsum("ij,jk->ik", x[0], x[1]); }, {{2, 1}, {3, 2}}},
      {"einsum, upper", [](In x) { return einsum("aB,Bc", x[0], x[1]); }, {{2, 3}, {3, 2}}},
      {"einsum, spaces", [](In x) { return einsum(" i j , j k -> i k ", x[0], x[1]); }, {{2, 3}, {3, 2}}},
      {"einsum, repeated four", [](In x) { return einsum("ij,jk,ki->i", x[0], x[1], x[2]); }, {{2, 3}, {3, 4}, {4, 2}}},
      {"cdist, p = 2", [](In x) { return cdist(x[0], x[1], 2); }, {{2, 3}, {4, 3}}},
      {"cdist, p = 1", [](In x) { return cdist(x[0], x[1], 1); }, {{2, 3}, {4, 3}}},
      {"cdist, p = 3", [](In x) { return cdist(x[0], x[1], 3); }, {{2, 3}, {4, 3}}},
      {"cdist, p = 1.5", [](In x) { return cdist(x[0], x[1], 1.5); }, {{2, 3}, {4, 3}}},
      {"cdist, p = INFINITY", [](In x) { return cdist(x[0], x[1], INFINITY); }, {{2, 3}, {4, 3}}},
      {"cdist, batches", [](In x) { return cdist(x[0], x[1]); }, {{2, 1, 2, 3}, {3, 2, 3}}},
      {"cdist, of one with itself", [](In x) { return cdist(x[0], x[0] * 2); }, {{3, 2}}},
      {"mm", [](In x) { return x[0].mm(x[1]); }, {{2, 3}, {3, 2}}},
      {"mv", [](In x) { return x[0].mv(x[1]); }, {{2, 3}, {3}}},
      {"dot", [](In x) { return x[0].dot(x[1]); }, {{3}, {3}}},
      {"outer", [](In x) { return x[0].outer(x[1]); }, {{3}, {2}}},
      {"inner", [](In x) { return x[0].inner(x[1]); }, {{2, 2, 3}, {4, 3}}},
      {"addmm", [](In x) { return addmm(x[0], x[1], x[2], {.beta = 0.5, .alpha = 2}); }, {{2}, {2, 3}, {3, 2}}},
      {"addmv", [](In x) { return addmv(x[0], x[1], x[2]); }, {{2}, {2, 3}, {3}}},
      {"baddbmm", [](In x) { return baddbmm(x[0], x[1], x[2]); }, {{1, 2}, {2, 2, 3}, {2, 3, 2}}},
      {"triu", [](In x) { return x[0].triu(1); }, {{2, 3, 3}}},
      {"tril", [](In x) { return x[0].tril(-1); }, {{3, 4}}},
      {"diag, of a vector", [](In x) { return x[0].diag(-1); }, {{3}}},
      {"diag, of a matrix", [](In x) { return x[0].diag(1); }, {{3, 4}}},
      {"vstack",
       [](In x) {
         return vstack({x[0], x[1]});
       },
       {{2}, {3, 2}}},
  };
}

}  // namespace

TEST_CASE("gradients of rearranging, indexing and products agree with differences") { gradient_table::check(table()); }
