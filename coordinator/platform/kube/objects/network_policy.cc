#include "coordinator/platform/kube/objects/network_policy.h"

#include "coordinator/platform/kube/objects/json.h"
#include "coordinator/platform/kube/objects/names.h"
#include "coordinator/platform/kube/objects/owner.h"

#include <boost/json/array.hpp>

namespace shardkeeper::platform::kube {
namespace {

using boost::json::array;
using boost::json::object;

object labelled(object labels) { return {{"matchLabels", std::move(labels)}}; }

object tcp(const boost::json::value& port) { return {{"port", port}, {"protocol", "TCP"}}; }

array open_ports(const object& spec) {
  array ports{tcp(kServerPort), tcp(kAgentHttpPort)};
  for (const auto& container : json::list_at(spec, {"extraContainers"}))
    if (const auto* named = container.if_object())
      for (const auto& one : json::list_at(*named, {"ports"}))
        if (const auto* port = one.if_object())
          if (const auto* number = port->if_contains("containerPort"); number != nullptr)
            ports.push_back(object{{"port", *number}, {"protocol", port->contains("protocol") ? port->at("protocol") : "TCP"}});
  return ports;
}

}  // namespace

object network_policy(const KubeCluster& cluster) {
  const auto& name = cluster.object.name;
  const object servers = labelled(server_labels(name));
  const object from_peers{{"podSelector", servers}};
  const object from_coordinators{
      {"namespaceSelector", object()},
      {"podSelector", labelled({{"app.kubernetes.io/part-of", "shardkeeper"}, {"app.kubernetes.io/component", "coordinator"}})}};
  return {{"apiVersion", "networking.k8s.io/v1"},
          {"kind", "NetworkPolicy"},
          {"metadata", metadata_of(cluster.object, network_policy_name(name), "server")},
          {"spec", object{{"podSelector", servers},
                          {"policyTypes", array{"Ingress"}},
                          {"ingress", array{object{{"ports", open_ports(cluster.spec)}}, object{{"from", array{from_peers}}},
                                            object{{"from", array{from_coordinators}}, {"ports", array{tcp(kAgentRpcPort)}}}}}}}};
}

}  // namespace shardkeeper::platform::kube
