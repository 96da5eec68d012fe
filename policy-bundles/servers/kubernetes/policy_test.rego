package kubernetes_test

import data.gateway.v1.inputs
import data.kubernetes

ids(elements) := {element.id | some element in elements}

call(tool, effect, args) := inputs.tool_call("kubernetes", tool, effect, args)

configured(change) := object.union(data.kubernetes.config, change)

test_the_state_is_read if {
	ids(kubernetes.allow) == {"KUBE-101"} with input as call("pods_list", "read", {})
	kubernetes.deny == set() with input as call("pods_list", "read", {})
	kubernetes.obligations == set() with input as call("pods_list", "read", {})
	ids(kubernetes.allow) == {"KUBE-101"} with input as call("resources_get", "read", {"apiVersion": "v1", "kind": "ConfigMap", "name": "a", "namespace": "shop"})
	kubernetes.deny == set() with input as call("resources_get", "read", {"apiVersion": "v1", "kind": "ConfigMap", "name": "a", "namespace": "shop"})
}

test_keys_and_secrets_are_not_read if {
	ids(kubernetes.deny) == {"KUBE-201"} with input as call("configuration_view", "read", {})
	ids(kubernetes.deny) == {"KUBE-202"} with input as call("resources_get", "read", {"apiVersion": "v1", "kind": "Secret", "name": "a", "namespace": "shop"})
	ids(kubernetes.deny) == {"KUBE-202"} with input as call("resources_list", "read", {"apiVersion": "v1", "kind": "secrets"})
}

test_closed_namespaces_are_not_changed if {
	ids(kubernetes.deny) == {"KUBE-203"} with input as call("pods_delete", "destroy", {"name": "a", "namespace": "kube-system"})
	kubernetes.deny == set() with input as call("pods_delete", "destroy", {"name": "a", "namespace": "shop"})
	ids(kubernetes.obligations) == {"KUBE-302"} with input as call("pods_delete", "destroy", {"name": "a", "namespace": "shop"})
	ids(kubernetes.deny) == {"KUBE-203"} with input as call("pods_delete", "destroy", {"name": "a", "namespace": "shop"})
		with data.kubernetes.config as configured({"namespaces": ["test-*"]})
	kubernetes.deny == set() with input as call("pods_delete", "destroy", {"name": "a", "namespace": "test-1"})
		with data.kubernetes.config as configured({"namespaces": ["test-*"]})
	ids(kubernetes.deny) == {"KUBE-204"} with input as call("resources_delete", "destroy", {"apiVersion": "v1", "kind": "Namespace", "name": "shop"})
}

test_only_open_images_run if {
	ids(kubernetes.deny) == {"KUBE-205"} with input as call("pods_run", "write", {"image": "evil/x", "namespace": "shop"})
	ids(kubernetes.obligations) == {"KUBE-303"} with input as call("pods_run", "write", {"image": "evil/x", "namespace": "shop"})
	kubernetes.deny == set() with input as call("pods_run", "write", {"image": "northwind/a:1", "namespace": "shop"})
		with data.kubernetes.config as configured({"images": ["northwind/*"]})
}

test_manifests_give_no_rights if {
	ids(kubernetes.allow) == {"KUBE-102"} with input as call("resources_create_or_update", "destroy", {"resource": "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n  namespace: shop\n"})
	kubernetes.deny == set() with input as call("resources_create_or_update", "destroy", {"resource": "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n  namespace: shop\n"})
	ids(kubernetes.obligations) == {"KUBE-303"} with input as call("resources_create_or_update", "destroy", {"resource": "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n  namespace: shop\n"})
	ids(kubernetes.deny) == {"KUBE-206"} with input as call("resources_create_or_update", "destroy", {"resource": "apiVersion: v1\nkind: ClusterRoleBinding\nmetadata:\n  name: a\n  namespace: shop\n"})
	ids(kubernetes.deny) == {"KUBE-206"} with input as call("resources_create_or_update", "destroy", {"resource": "{\"kind\":\"Pod\",\"spec\":{\"volumes\":[{\"hostPath\":{\"path\":\"/\"}}]}}"})
	ids(kubernetes.deny) == {"KUBE-207"} with input as call("resources_create_or_update", "destroy", {"resource": "kind: \"\\x53ecret\""})
	ids(kubernetes.deny) == {"KUBE-208"} with input as call("resources_create_or_update", "destroy", {"resource": "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n  namespace: kube-system\n"})
	ids(kubernetes.deny) == {"KUBE-208"} with input as call("resources_create_or_update", "destroy", {"resource": "{\"metadata\": {\"namespace\":\"kube-system\"}}"})
}

test_logs_are_those_of_services if {
	ids(kubernetes.deny) == {"KUBE-209"} with input as call("nodes_log", "read", {"name": "n", "query": "/etc/shadow"})
	kubernetes.deny == set() with input as call("nodes_log", "read", {"name": "n", "query": "kubelet"})
}

test_commands_are_confirmed_each_time if {
	ids(kubernetes.allow) == {"KUBE-102"} with input as call("pods_exec", "destroy", {"name": "a", "namespace": "shop", "command": ["ls"]})
	kubernetes.deny == set() with input as call("pods_exec", "destroy", {"name": "a", "namespace": "shop", "command": ["ls"]})
	ids(kubernetes.obligations) == {"KUBE-301"} with input as call("pods_exec", "destroy", {"name": "a", "namespace": "shop", "command": ["ls"]})
}

test_what_is_not_known_is_confirmed if {
	ids(kubernetes.allow) == {"KUBE-190"} with input as call("helm_install", "unknown", {})
	ids(kubernetes.obligations) == {"KUBE-390"} with input as call("helm_install", "unknown", {})
}
