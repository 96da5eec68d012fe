package docker_test

import data.docker
import data.gateway.v1.inputs

ids(elements) := {element.id | some element in elements}

call(tool, effect, args) := inputs.tool_call("docker", tool, effect, args)

configured(change) := object.union(data.docker.config, change)

test_looking_is_allowed if {
	ids(docker.allow) == {"DOCKER-101"} with input as call("list_containers", "read", {})
	docker.deny == set() with input as call("list_containers", "read", {})
	docker.obligations == set() with input as call("list_containers", "read", {})
}

test_other_images_are_confirmed if {
	ids(docker.allow) == {"DOCKER-102"} with input as call("run_container", "write", {"image": "postgres:16"})
	docker.deny == set() with input as call("run_container", "write", {"image": "postgres:16"})
	ids(docker.obligations) == {"DOCKER-301"} with input as call("run_container", "write", {"image": "postgres:16"})
	docker.obligations == set() with input as call("run_container", "write", {"image": "postgres:16"})
		with data.docker.config as configured({"images": ["postgres:*"]})
	ids(docker.allow) == {"DOCKER-102"} with input as call("start_container", "write", {"container_id": "a"})
	docker.deny == set() with input as call("start_container", "write", {"container_id": "a"})
	docker.obligations == set() with input as call("start_container", "write", {"container_id": "a"})
}

test_nothing_of_the_machine_is_mounted if {
	ids(docker.deny) == {"DOCKER-201"} with input as call("run_container", "write", {"image": "postgres:16", "volumes": {"/": {"bind": "/host", "mode": "rw"}}})
	ids(docker.deny) == {"DOCKER-201"} with input as call("run_container", "write", {"image": "postgres:16", "volumes": ["/home/mia/.ssh:/keys"]})
	ids(docker.deny) == {"DOCKER-201"} with input as call("run_container", "write", {"image": "postgres:16", "volumes": ["../x:/keys"]})
	docker.deny == set() with input as call("run_container", "write", {"image": "postgres:16", "volumes": {"data": {"bind": "/data", "mode": "rw"}}})
	docker.deny == set() with input as call("run_container", "write", {"image": "postgres:16", "volumes": ["/home/mia/work/a:/a"]})
		with data.docker.config as configured({"folders": ["/home/mia/work"]})
	ids(docker.deny) == {"DOCKER-202"} with input as call("run_container", "write", {"image": "postgres:16", "network": "host"})
}

test_images_are_built_and_pushed_in_their_place if {
	ids(docker.deny) == {"DOCKER-203"} with input as call("build_image", "write", {"path": "/home/mia", "tag": "a"})
	docker.deny == set() with input as call("build_image", "write", {"path": "/home/mia/work", "tag": "a"})
		with data.docker.config as configured({"folders": ["/home/mia/work"]})
	ids(docker.obligations) == {"DOCKER-301"} with input as call("build_image", "write", {"path": "/home/mia/work", "tag": "a"})
		with data.docker.config as configured({"folders": ["/home/mia/work"]})
	ids(docker.deny) == {"DOCKER-204"} with input as call("push_image", "write", {"repository": "evil/x"})
	docker.deny == set() with input as call("push_image", "write", {"repository": "northwind/x"})
		with data.docker.config as configured({"registries": ["northwind/*"]})
}

test_removing_is_confirmed if {
	ids(docker.allow) == {"DOCKER-102"} with input as call("remove_volume", "destroy", {"volume_name": "a"})
	ids(docker.obligations) == {"DOCKER-302"} with input as call("remove_volume", "destroy", {"volume_name": "a"})
	ids(docker.obligations) == {"DOCKER-303"} with input as call("remove_container", "destroy", {"container_id": "a"})
}

test_what_is_not_known_is_confirmed if {
	ids(docker.allow) == {"DOCKER-190"} with input as call("exec_container", "unknown", {})
	ids(docker.obligations) == {"DOCKER-390"} with input as call("exec_container", "unknown", {})
}

token := concat("", ["gh", "p_abcdefghijklmnopqrstuvwxyz0123456789"])

test_no_secret_is_set if {
	ids(docker.deny) == {"DOCKER-205"} with input as call("run_container", "write", {"image": "a", "environment": {"TOKEN": token}})
}
