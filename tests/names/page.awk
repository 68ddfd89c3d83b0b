# names.tsv as the page docs/coming_from_pytorch.md.
# usage: awk -f page.awk names.tsv >docs/coming_from_pytorch.md
BEGIN {
  FS = "\t"
  heading["Tensor"] = "Tensors"
  heading["nn"] = "Layers: `torch.nn`, here `rowgrad::nn`"
  heading["Module"] = "Modules"
  heading["F"] = "Functions: `torch.nn.functional`, here `rowgrad`"
  heading["init"] = "Initialisers: `torch.nn.init`, here `rowgrad::nn::init`"
  heading["utils"] = "Utilities: `torch.nn.utils`, here `rowgrad::nn::utils`"
  heading["optim"] = "Optimizers and schedules: `torch.optim`, here `rowgrad::optim`"
  heading["torch"] = "Autograd, random numbers and the rest of `torch`"
  heading["data"] = "Data: `torch.utils.data`, here `rowgrad::data`"
  heading["text"] = "Text: Keras and torchtext"
  heading["vectors"] = "Word vectors"
}
function code(text) {
  gsub(/\|/, "\\|", text)
  return "`" text "`"
}
/^#!/ { next }
/^#/ { print substr($0, 3); next }
NF < 3 { next }
$1 != area {
  area = $1
  if (!(area in heading)) { printf "page.awk: no heading for the area %s\n", area > "/dev/stderr"; exit 1 }
  printf "\n## %s\n\n| PyTorch | rowgrad | what differs |\n| --- | --- | --- |\n", heading[area]
}
{ printf "| %s | %s | %s |\n", code($2), $3 == "" ? "" : code($3), $4 }
