#include "coordinator/manifest/schema.h"

#include "coordinator/manifest/manifest.h"
#include "coordinator/manifest/rules.h"

#include <utility>

namespace shardkeeper::manifest {
namespace {

Field text(std::string name, std::string about, Rule rule = nullptr) {
  return {.name = std::move(name), .type = Type::kString, .about = std::move(about), .rule = rule};
}

Field integer(std::string name, std::int64_t min, std::int64_t max, std::string about, Rule rule = nullptr) {
  return {.name = std::move(name), .type = Type::kInteger, .about = std::move(about), .min = min, .max = max, .rule = rule};
}

Field boolean(std::string name, std::string about) { return {.name = std::move(name), .type = Type::kBoolean, .about = std::move(about)}; }

Field word(std::string name, std::vector<std::string> words, std::string about) {
  return {.name = std::move(name), .type = Type::kWord, .about = std::move(about), .words = std::move(words)};
}

Field of_type(Type type, std::string name, std::string about) { return {.name = std::move(name), .type = type, .about = std::move(about)}; }

Field object(std::string name, std::string about, std::vector<Field> fields) {
  return {.name = std::move(name), .type = Type::kObject, .about = std::move(about), .fields = std::move(fields)};
}

Field list(Field field) {
  field.shape = Shape::kList;
  return field;
}

Field list_by(std::string key, Field field) {
  field.list_key = std::move(key);
  return list(std::move(field));
}

Field required(Field field) {
  field.presence = Presence::kRequired;
  return field;
}

// Tests compare these with model::ClusterSpec, and the API server writes them into objects that leave the field out.
Field defaults_to(std::string fallback, Field field) {
  field.fallback = std::move(fallback);
  return field;
}

// On `local` there are no such objects: the field is checked, and shown as a finding.
Field on_kubernetes(Field field) {
  field.honoured_by = HonouredBy::kKubernetes;
  return field;
}

std::vector<Field> texts_and_annotations(const std::string& of) {
  return {of_type(Type::kTexts, "labels", "Labels added to the " + of + "."),
          of_type(Type::kTexts, "annotations", "Annotations added to the " + of + ".")};
}

Field metadata() {
  return required(object(
      "metadata", "Name and namespace.",
      {required(text("name", "Name of the cluster; unique, and the beginning of its pods' names.", cluster_name_rule)),
       text("namespace", "Namespace; `default` when absent.", namespace_rule),
       of_type(Type::kTexts, "labels", "Labels of the object; not used."),
       of_type(Type::kTexts, "annotations", "Annotations of the object; not used."), of_type(Type::kIgnored, "creationTimestamp", ""),
       of_type(Type::kIgnored, "deletionGracePeriodSeconds", ""), of_type(Type::kIgnored, "deletionTimestamp", ""),
       of_type(Type::kIgnored, "finalizers", ""), of_type(Type::kIgnored, "generation", ""), of_type(Type::kIgnored, "managedFields", ""),
       of_type(Type::kIgnored, "ownerReferences", ""), of_type(Type::kIgnored, "resourceVersion", ""),
       of_type(Type::kIgnored, "selfLink", ""), of_type(Type::kIgnored, "uid", "")}));
}

Field amounts(const std::string& name, const std::string& about) {
  return object(name, about,
                {of_type(Type::kQuantity, "memory", "Bytes, as 512Mi or 4Gi."),
                 on_kubernetes(of_type(Type::kQuantity, "cpu", "Cores, as 2 or 500m.")),
                 on_kubernetes(of_type(Type::kQuantity, "ephemeral-storage", "Bytes on the worker's disk."))});
}

Field resources() {
  Field limits = amounts("limits", "What the server container may use. `memory` also sets the server's maxmemory (70 % of it).");
  Field requests = on_kubernetes(amounts("requests", "What the scheduler reserves for the server container."));
  return object("resources", "Resources of the server container.", {std::move(limits), std::move(requests)});
}

Field toleration() {
  return list(
      object("tolerations", "Taints of workers that the pods put up with.",
             {text("key", "Key of the taint."), word("operator", {"Exists", "Equal"}, "How `value` is compared."),
              text("value", "Value of the taint."),
              word("effect", {"NoSchedule", "PreferNoSchedule", "NoExecute"}, "Effect of the taint; absent: all."),
              integer("tolerationSeconds", 0, std::numeric_limits<std::int64_t>::max(), "How long a NoExecute taint is put up with.")}));
}

Field affinity() {
  return object(
      "affinity", "Affinity of the pods, as in a pod's spec.",
      {of_type(Type::kAnything, "nodeAffinity", "As in a pod's spec."), of_type(Type::kAnything, "podAffinity", "As in a pod's spec."),
       of_type(Type::kAnything, "podAntiAffinity", "As in a pod's spec; spreading a shard's members is `spread`, not this.")});
}

Field topology_spread() {
  return list(object(
      "topologySpreadConstraints", "Spread of all pods of the cluster, as in a pod's spec.",
      {required(integer("maxSkew", 1, 1'000'000, "Largest allowed difference.")),
       required(text("topologyKey", "Label of the workers.", not_empty_rule)),
       required(word("whenUnsatisfiable", {"DoNotSchedule", "ScheduleAnyway"}, "Whether a pod waits.")),
       integer("minDomains", 1, 1'000'000, "Fewest domains."), word("nodeAffinityPolicy", {"Honor", "Ignore"}, "Which workers count."),
       word("nodeTaintsPolicy", {"Honor", "Ignore"}, "Which workers count."),
       list(text("matchLabelKeys", "Pod labels that are compared.", not_empty_rule)),
       of_type(Type::kAnything, "labelSelector", "Which pods count; absent: those of this cluster.")}));
}

Field spread() {
  return object("spread", "Where the members of one shard may run.",
                {defaults_to("Preferred", word("workers", {"Preferred", "Required"},
                                               "On different workers: if possible, or a pod waits for a free one.")),
                 defaults_to("Preferred",
                             word("zones", {"Preferred", "Required"}, "In different zones: if possible, or a pod waits for a free one."))});
}

Field service() {
  auto fields = texts_and_annotations("Service for clients");
  fields.push_back(word("ipFamilyPolicy", {"SingleStack", "PreferDualStack", "RequireDualStack"}, "IPv4, IPv6 or both."));
  fields.push_back(list(word("ipFamilies", {"IPv4", "IPv6"}, "In order of preference.")));
  fields.push_back(
      {.name = "type", .type = Type::kRefused, .about = "access from outside the cluster is not part of this version; leave it out"});
  return object("service", "Options of the Service that clients use.", std::move(fields));
}

Field named_things(const std::string& name, const std::string& about) {
  return list_by(
      "name",
      object(name, about, {required(text("name", "Its name.", not_empty_rule)), of_type(Type::kAnything, "*", "As in a pod's spec.")}));
}

std::vector<Field> placement() {
  return {on_kubernetes(of_type(Type::kTexts, "nodeSelector", "Labels that a worker must have.")),
          on_kubernetes(toleration()),
          on_kubernetes(affinity()),
          on_kubernetes(topology_spread()),
          spread(),
          on_kubernetes(text("priorityClassName", "PriorityClass of the pods.", object_name_rule))};
}

std::vector<Field> pod_extras() {
  return {
      on_kubernetes(service()),
      on_kubernetes(object("podMetadata", "Labels and annotations of the pods; shardkeeper.io/… are ours.", texts_and_annotations("pods"))),
      on_kubernetes(named_things("extraContainers", "Containers that run in every pod beside the server.")),
      on_kubernetes(named_things("extraVolumes", "Volumes for extraContainers.")),
      on_kubernetes(list_by("name", object("imagePullSecrets", "Secrets for pulling the images.",
                                           {required(text("name", "Name of the Secret.", object_name_rule))}))),
      on_kubernetes(object("usersSecret", "Secret with the users of the server, one ACL rule a line.",
                           {required(text("name", "Name of the Secret.", object_name_rule)),
                            defaults_to("users.acl", text("key", "Key in it.", not_empty_rule))})),
      on_kubernetes(object("tls", "TLS for clients, cluster bus and replication.",
                           {required(text("secretName", "Name of a kubernetes.io/tls Secret that also holds ca.crt.", object_name_rule)),
                            defaults_to("Required", word("clientCertificates", {"Required", "Optional", "None"},
                                                         "Whether clients must show a certificate that ca.crt has signed."))})),
      on_kubernetes(
          object("agentTls", "Certificates between coordinator and agents; absent: the coordinator's own authority signs them.",
                 {required(text("authoritySecretName",
                                "Secret with tls.crt and tls.key of a self-signed authority, as cert-manager writes it, and the label "
                                "shardkeeper.io/certificate-authority: \"true\". A new one takes over in three steps of ten minutes.",
                                object_name_rule))})),
      {.name = "hostNetwork", .type = Type::kRefused, .about = "every pod needs an address of its own: all servers use the same ports"}};
}

std::vector<Field> work_limits() {
  return {
      object("update", "Limits of rolling updates.",
             {defaults_to("1", integer("maxParallelShards", 1, 1000, "Shards that are updated at the same time."))}),
      object("migration", "Limits of slot moves.",
             {defaults_to("Auto", word("engine", {"Auto", "Atomic", "Keys"}, "How slots are moved; Auto chooses by the server's version.")),
              {.name = "maxBytesPerSecond",
               .type = Type::kQuantity,
               .about = "Limit of all moves together, as 50Mi; absent: none.",
               .rule = rate_rule},
              integer("maxParallelJobs", 1, 1000, "Moves at the same time; 8 when absent.")}),
      defaults_to("Recreate",
                  word("shardLossPolicy", {"Recreate", "Wait"},
                       "What becomes of a shard whose members are all dead: its slots are served again, empty, or stay unassigned.")),
      defaults_to("false", boolean("paused", "true: nothing is changed any more but what keeps the cluster available."))};
}

Field spec() {
  std::vector<Field> fields{
      required(text("image", "Image of valkey-server, 8.0 or newer. On `local` its tag chooses a binary.", image_rule)),
      defaults_to("3", integer("shards", 1, kShardsMax, "Number of shards, 1 or 3 to 1000.", shards_rule)),
      defaults_to("1", integer("replicasPerShard", 0, 5, "Replicas of each primary, 0 to 5.")), resources(),
      of_type(Type::kSettings, "config", "Server settings, as in valkey.conf. Those that Shardkeeper owns are refused.")};
  for (auto&& part : {placement(), pod_extras(), work_limits()}) fields.insert(fields.end(), part.begin(), part.end());
  return required(object("spec", "What the cluster should be.", std::move(fields)));
}

}  // namespace

const Field& manifest_schema() {
  static const Field schema =
      object("", "A ValkeyCluster.",
             {required(word("apiVersion", {"shardkeeper.io/v1alpha1"}, "Version of this format.")),
              required(word("kind", {"ValkeyCluster"}, "Kind of object.")), metadata(), spec(), of_type(Type::kIgnored, "status", "")});
  return schema;
}

}  // namespace shardkeeper::manifest
